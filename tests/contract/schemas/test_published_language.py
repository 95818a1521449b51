"""The committed schemas, examples and topic files are what the code says, and no version ever breaks its readers."""

import json
import subprocess
from pathlib import Path
from typing import Any, Literal

import jsoncompat
import jsonschema
import pytest
from flash_schemas.publish import EXAMPLES_DIR, SCHEMAS_DIR, json_schema, schema_file
from flash_schemas.registry import EVENTS
from flash_schemas.topics import load_topics
from pydantic import ValidationError

EXAMPLES = sorted(EXAMPLES_DIR.glob("*/*.json"))
EVENT_TYPES = sorted(EVENTS)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def broken_for(role: Literal["serializer", "deserializer"], old: Any, new: Any) -> bool:
    """Whether going from `old` to `new` breaks those who write ("serializer") or read ("deserializer")."""
    return not jsoncompat.check_compat(json.dumps(old), json.dumps(new), role)


def committed_versions(event_type: str) -> list[Any]:
    """Every earlier text of a schema in the history, newest first; empty in a tree without history."""
    path = schema_file(event_type)
    listed = subprocess.run(
        ["git", "log", "--format=%H", "--", path.name], cwd=SCHEMAS_DIR, capture_output=True, text=True, check=False
    )
    shown = (
        subprocess.run(
            ["git", "show", f"{commit}:./{path.name}"], cwd=SCHEMAS_DIR, capture_output=True, text=True, check=False
        )
        for commit in listed.stdout.split()
    )
    return [json.loads(show.stdout) for show in shown if show.returncode == 0]


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_the_committed_schema_is_the_one_in_the_code(event_type: str) -> None:
    assert read(schema_file(event_type)) == json_schema(EVENTS[event_type]), "run: python -m flash_schemas.publish"


def test_no_schema_is_left_over_from_an_event_that_is_gone() -> None:
    assert {path.stem for path in SCHEMAS_DIR.glob("*.json")} == set(EVENTS)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_has_an_example(event_type: str) -> None:
    assert any(path.parent.name == event_type for path in EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_example_reads_writes_and_validates_alike(path: Path) -> None:
    model, example = EVENTS[path.parent.name], read(path)
    event = model.read(path.read_bytes())
    jsonschema.validate(json.loads(event.model_dump_json()), read(schema_file(path.parent.name)))
    assert model.read(event.model_dump_json().encode()) == event
    assert {key: value for key, value in json.loads(event.model_dump_json()).items() if key in example}.keys() == (
        example.keys()
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_reader_survives_a_field_that_a_newer_producer_adds(path: Path) -> None:
    model, example = EVENTS[path.parent.name], read(path)
    newer = json.dumps({**example, "added_later": {"deep": [1]}}).encode()
    assert model.read(newer) == model.read(path.read_bytes())


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_producer_cannot_make_an_event_with_an_unknown_field(event_type: str) -> None:
    example = next(read(path) for path in EXAMPLES if path.parent.name == event_type)
    with pytest.raises(ValidationError, match="added_later"):
        EVENTS[event_type].model_validate_json(json.dumps({**example, "added_later": 1}))


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_no_change_breaks_who_reads_what_was_written_before(event_type: str) -> None:
    """Additive only within a version: each earlier schema's events are still readable by the present model."""
    now = opened(json_schema(EVENTS[event_type]))
    for earlier in committed_versions(event_type):
        assert not broken_for("deserializer", earlier, now), f"{event_type}: make a new version beside it"


def test_the_comparison_notices_a_new_required_field() -> None:
    old = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    new = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]}
    assert broken_for("deserializer", old, new)
    assert not broken_for("deserializer", old, {**new, "required": ["a"]})


def opened(schema: Any) -> Any:
    """A schema as a reader takes it: fields with a default may be missing, and unknown ones are ignored."""
    if isinstance(schema, list):
        return [opened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: opened(value) for key, value in schema.items() if key != "additionalProperties"}
    properties = result.get("properties")
    if isinstance(properties, dict) and "required" in result:
        result["required"] = [name for name in result["required"] if "default" not in properties.get(name, {})]
    return result


def test_every_event_travels_on_exactly_one_topic_that_lists_it() -> None:
    listed = [(event_type, topic.name) for topic in load_topics() for event_type in topic.events]
    assert sorted(listed) == sorted((event.TYPE, event.TOPIC) for event in EVENTS.values())


def test_a_topic_is_keyed_by_the_aggregate_of_its_events() -> None:
    for topic in load_topics():
        if topic.key != "session_id" or topic.name == "message-events":
            assert {EVENTS[event_type].KEY for event_type in topic.events} == {topic.key}


def test_state_topics_keep_their_last_state_and_let_slow_readers_see_each_step() -> None:
    for topic in load_topics():
        compacted = topic.cleanup_policy == "compact"
        assert (topic.retention_days == 0) is compacted
        assert (topic.min_compaction_lag_days >= 7) is compacted


def test_a_dead_letter_topic_is_named_after_its_topic() -> None:
    assert all(topic.dead_letter == f"{topic.name}-dlq" for topic in load_topics())
