"""The published language as one AsyncAPI 3.0 document: `python -m flash_schemas.asyncapi` writes `asyncapi.json`.

It adds nothing of its own: channels are the topic files, messages the event models.
"""

import json
from pathlib import Path
from typing import Any

from flash_schemas.base import Event
from flash_schemas.publish import json_schema
from flash_schemas.registry import EVENTS
from flash_schemas.topics import Topic, load_topics

FILE = Path(__file__).parent.parent / "asyncapi.json"
ENVELOPE = ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_aggregateversion")


def document() -> dict[str, Any]:
    """The whole document."""
    topics = load_topics()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Flash Mentoring events", "version": "1"},
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in topics},
        "operations": {name: operation for topic in topics for name, operation in _operations(topic)},
        "components": {"messages": {type_: _message(event) for type_, event in EVENTS.items()}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {type_: {"$ref": f"#/components/messages/{type_}"} for type_ in topic.events},
        "bindings": {"kafka": {"partitions": topic.partitions, "topicConfiguration": _configuration(topic)}},
    }


def _configuration(topic: Topic) -> dict[str, Any]:
    return {"cleanup.policy": [topic.cleanup_policy], "max.message.bytes": topic.max_message_bytes}


def _operations(topic: Topic) -> list[tuple[str, dict[str, Any]]]:
    channel = {"$ref": f"#/channels/{topic.name}"}
    sends = [(f"{name}-sends-{topic.name}", {"action": "send", "channel": channel}) for name in topic.producers]
    return sends + [
        (f"{name}-receives-{topic.name}", {"action": "receive", "channel": channel}) for name in topic.consumers
    ]


def _message(event: type[Event]) -> dict[str, Any]:
    headers = {name: {"type": "string"} for name in ENVELOPE}
    return {
        "name": event.TYPE,
        "summary": " ".join((event.__doc__ or "").split()),
        "headers": {"type": "object", "properties": headers, "required": list(ENVELOPE)},
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": json_schema(event)},
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid", "description": event.KEY}}},
    }


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
