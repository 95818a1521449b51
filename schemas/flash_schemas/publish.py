"""Writes the committed JSON Schema of every event version: `python -m flash_schemas.publish`."""

import json
from pathlib import Path
from typing import Any

from flash_schemas.base import Event
from flash_schemas.registry import EVENTS

SCHEMAS_DIR = Path(__file__).parent.parent / "json"
EXAMPLES_DIR = Path(__file__).parent.parent / "examples"


def json_schema(event: type[Event]) -> dict[str, Any]:
    """The JSON Schema of one event version, as its producer keeps to it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **event.model_json_schema(mode="serialization")}


def schema_file(event_type: str) -> Path:
    """Where the schema of an event type is committed."""
    return SCHEMAS_DIR / f"{event_type}.json"


def main() -> None:
    """Write every schema; the difference is what the reviewer reads."""
    for event_type, event in EVENTS.items():
        text = json.dumps(json_schema(event), indent=2, sort_keys=True, ensure_ascii=False)
        schema_file(event_type).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
