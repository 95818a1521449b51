"""The API descriptions as they are committed: `python -m tests.support.published` writes each `openapi.json`."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from chassis import runtime
from flash_local.services import SERVICES, Service

from tests.support.apis import offline_settings

FOLDER = Path(__file__).parents[2] / "services"


def built(service: Service) -> runtime.Service:
    """A service as its code puts it together, with nothing to connect to."""
    settings_type = import_module(f"{service.module}.settings").Settings
    settings = settings_type(
        **offline_settings("postgresql://nobody@127.0.0.1:1/none"), opensearch_url="http://127.0.0.1:1"
    )
    made: runtime.Service = import_module(f"{service.module}.app").build(settings)
    return made


def openapi(service: Service) -> dict[str, Any]:
    """The description that a service's code gives of itself."""
    return runtime.create_api(built(service)).openapi()


def file(service: Service) -> Path:
    """Where it is committed."""
    return FOLDER / service.name / "openapi.json"


def text(service: Service) -> str:
    """The description as it is committed."""
    return json.dumps(openapi(service), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in SERVICES:
        file(each).write_text(text(each), encoding="utf-8")
