"""Who sees which fields of a person. Step 3 of the read path: pure."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from profile_service.model.people import Person
from profile_service.model.programs import Program

PERSONAL_FIELDS = ("skills", "evidence", "time_zone", "preferred_formats", "preferred_minutes", "photo")
"""What a person shows to every colleague, as far as they like; what else is shown, a program must offer, too."""
HIDEABLE_FIELDS = ("languages", "experience", "bio", "can_help_with", *PERSONAL_FIELDS)
NOBODY = UUID(int=0)


def shown_fields(person: Person, viewer: Person, programs: Iterable[Program]) -> set[str] | None:
    """Which optional fields of a person somebody may see; None when they share no program and see nothing at all."""
    joined = {part.program_id for part in person.participations}
    own = {part.program_id for part in viewer.participations}
    able = [p for p in programs if p.program_id in own or p.owned_by(viewer.person_id, viewer)]
    shared = [program for program in able if program.program_id in joined]
    if not shared or "left" in (person.status, viewer.status):
        return None
    offered = {field for program in shared for field in program.body.search_fields.show}
    return {field for field in offered.union(PERSONAL_FIELDS) if _visible(person, viewer, field)}


def colleague(person: Person, *, in_unit: bool, program_id: UUID | None) -> Person:
    """Somebody who shares all programs with a person, or this one only, as the viewer of a preview."""
    shared = [part for part in person.participations if program_id in (None, part.program_id)]
    unit_id = person.unit_id if in_unit else NOBODY
    return replace(person, person_id=NOBODY, unit_id=unit_id, participations=tuple(shared))


def _visible(person: Person, viewer: Person, field_name: str) -> bool:
    visibility = person.declared.visibility.get(field_name, "everyone")
    return visibility == "everyone" or (visibility == "unit" and person.unit_id == viewer.unit_id)
