"""Who says which field of a person, and since when it is as it is. Step 3 of the write path: pure."""

from dataclasses import replace
from datetime import date
from typing import Any, Literal

from profile_service.model.people import Declared, Person

Source = Literal["hr", "self"]
HR_FIELDS = ("name", "job_title", "job_level", "location", "unit_path", "status", "hired_on", "email")
SELF_FIELDS = (*(name for name in Declared.model_fields if name != "visibility"), "photo")
SOURCES: dict[str, Source] = {**dict.fromkeys(HR_FIELDS, "hr"), **dict.fromkeys(SELF_FIELDS, "self")}


def dated(before: Person | None, after: Person, on: date) -> Person:
    """The person after a change, each field that is new to them dated; somebody who is new has what HR says."""
    changed = HR_FIELDS if before is None else [name for name in SOURCES if _value(before, name) != _value(after, name)]
    return replace(after, changed_on={**after.changed_on, **dict.fromkeys(changed, on)})


def _value(person: Person, name: str) -> Any:
    if name == "photo":
        return person.photo_version
    return getattr(person if name in HR_FIELDS else person.declared, name)
