"""What a reader of the documents follows is there."""

import re
from pathlib import Path

from flash_local.home import CHECKOUT

LINK = re.compile(r"\]\(([^)\s#]+)[^)\s]*\)")
OF_OTHERS = {".venv", ".flash", ".git", ".hypothesis", ".pytest_cache", ".mypy_cache", ".ruff_cache"}


def documents() -> list[Path]:
    found = (file for folder in CHECKOUT.iterdir() if folder.name not in OF_OTHERS for file in _of(folder))
    return sorted(found)


def _of(place: Path) -> list[Path]:
    return list(place.rglob("*.md")) if place.is_dir() else [place] if place.suffix == ".md" else []


def test_every_link_of_a_document_leads_to_a_file() -> None:
    links = [(document, link) for document in documents() for link in LINK.findall(document.read_text("utf-8"))]
    here = [(document, link) for document, link in links if "://" not in link]
    assert len(here) > 10
    assert [(str(document), link) for document, link in here if not (document.parent / link).exists()] == []
