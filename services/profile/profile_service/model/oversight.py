"""What a works council asks of a program: who sees which fields of whom. A step of the read path: pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from flash_schemas.profile import SearchField

from profile_service.model.programs import Program

SEARCH_FIELDS: tuple[SearchField, ...] = get_args(SearchField)
HR_FIELDS = frozenset({"unit", "location", "job_title", "job_level"})
FIELD_VERSIONS = 100
NEVER_SHOWN = (
    "employee_number",
    "email",
    "hired_on",
    "status",
    "time_zone",
    "messages between two people",
    "requests and sessions of a person, to anybody but the two of each",
    "a wish to meet again that only one had",
)
"""What no program can show of anybody, to any colleague, owner or manager."""


@dataclass(frozen=True, slots=True)
class FieldUse:
    """One profile field in a program: what can be done with it, and who may hide it."""

    field: SearchField
    shown: bool
    searched: bool
    filtered: bool
    hidden_by_its_owner: bool


def field_uses(program: Program) -> Iterable[FieldUse]:
    """Every field that a program could offer, and what this one does with it."""
    fields = program.body.search_fields
    for name in SEARCH_FIELDS:
        yield FieldUse(name, name in fields.show, name in fields.search, name in fields.filter, name not in HR_FIELDS)
