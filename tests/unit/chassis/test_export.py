"""A data export reads as well as a page as it does as JSON, and what somebody wrote stays text."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
from chassis.export import Export, exported

HOSTILE = "<script>alert('1')</script> & \"so on\""


class Notes(Export):
    """An export with every kind of value."""

    notes: list[dict[str, Any]]
    empty: list[str]
    nothing: str | None
    agreed: bool


class Reader(HTMLParser):
    """Collects tags and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as called
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def notes() -> Notes:
    return Notes(
        service="notes",
        about="All that you noted.",
        person_id=UUID(int=7),
        exported_at=datetime(2026, 11, 26, tzinfo=UTC),
        notes=[{"said": HOSTILE, "to": {"name": "李秀英"}}, {"said": "two\nlines", "to": None}],
        empty=[],
        nothing=None,
        agreed=True,
    )


def test_a_page_holds_what_json_holds_as_text(notes: Notes) -> None:
    answer = exported(notes, "text/html,application/xhtml+xml;q=0.9")
    page = Reader(bytes(answer.body).decode())
    assert "script" not in page.tags
    for shown in (HOSTILE, "李秀英", "two\nlines", "All that you noted.", str(UUID(int=7)), "yes", "none"):
        assert shown in page.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_who_asks_for_no_page_gets_json_to_keep(notes: Notes, accept: str | None) -> None:
    answer = exported(notes, accept)
    assert Notes.model_validate_json(bytes(answer.body)) == notes
    assert answer.headers["content-disposition"] == 'attachment; filename="notes.json"'


@pytest.mark.parametrize("accept", ["text/html", None])
def test_nobody_on_the_way_keeps_an_export(notes: Notes, accept: str | None) -> None:
    assert exported(notes, accept).headers["cache-control"] == "no-store"
