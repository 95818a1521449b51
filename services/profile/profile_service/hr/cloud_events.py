"""CloudEvents 1.0 in structured mode as the same events as the plain form; the SDK judges the envelope. Pure."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.v1.event import CloudEvent

from profile_service.hr.events import AnyHrEvent, parse
from profile_service.hr.outcomes import Result

TYPES = {
    "org.unit.created": "unit_upserted",
    "org.unit.renamed": "unit_renamed",
    "org.unit.moved": "unit_moved",
    "org.unit.closed": "unit_closed",
    "org.person.joined": "person_joined",
    "org.person.changed": "person_changed",
    "org.person.moved": "person_moved",
    "org.person.on_leave": "person_on_leave",
    "org.person.back": "person_back",
    "org.person.left": "person_left",
    "org.snapshot": "snapshot",
}
SUBJECTS = {"unit": "unit", "person": "employee_number"}
ATTRIBUTES = ("id", "source", "time", "sequence", "type")
NEEDED = {"id": None, "source": None, "type": None, "specversion": None, "time": None}
"""Said to be missing, or the SDK would make up an id and take the present as the time."""


def parse_cloud_event(raw: Any, now: datetime) -> AnyHrEvent | Result:
    """Read one CloudEvent, or say what is wrong with it and in which attribute or field of its data."""
    if not isinstance(raw, dict):
        return Result(None, "refused", "a CloudEvent is a JSON object", "body")
    given = raw["id"] if isinstance(raw.get("id"), str) else None
    attributes = {**NEEDED, **{name: value for name, value in raw.items() if name not in ("data", "data_base64")}}
    attributes["time"] = _time(attributes["time"])
    try:
        CloudEvent(attributes)
    except CloudEventValidationError as error:
        name, faults = next(iter(error.errors.items()))
        return Result(given, "refused", str(faults[0]), name)
    if attributes["type"] not in TYPES:
        return Result(given, "refused", f"not one of {', '.join(TYPES)}", "type")
    if not isinstance(raw.get("data"), dict):
        return Result(given, "refused", "what happened stands here, as a JSON object", "data")
    return _in_data(parse(_plain(attributes, raw["data"]), now))


def _plain(attributes: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """The same as a caller of the plain form would say it; `subject` may name the unit or the employee."""
    about = {name: attributes[name] for name in ATTRIBUTES if name in attributes}
    kind = attributes["type"].split(".")[1]
    subject = {SUBJECTS[kind]: attributes["subject"]} if kind in SUBJECTS and "subject" in attributes else {}
    return {**subject, **data, **about, "type": TYPES[attributes["type"]]}


def _time(value: Any) -> Any:
    """As a time if it is one; the SDK refuses anything else."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value


def _in_data(parsed: AnyHrEvent | Result) -> AnyHrEvent | Result:
    if isinstance(parsed, Result) and parsed.field not in ATTRIBUTES:
        return replace(parsed, field=f"data.{parsed.field}")
    return parsed
