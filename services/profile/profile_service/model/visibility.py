"""Who sees which fields of a person. Step 3 of the read path: pure."""

from collections.abc import Iterable

from flash_schemas.profile import (
    SearchField,
)

from profile_service.model.people import Person
from profile_service.model.programs import Program


def shown_fields(person: Person, viewer: Person, programs: Iterable[Program]) -> set[SearchField] | None:
    """Which optional fields of a person somebody may see; None when they share no program and see nothing at all."""
    joined = {part.program_id for part in person.participations}
    own = {part.program_id for part in viewer.participations}
    shared = [p for p in programs if p.program_id in joined and (p.program_id in own or viewer.person_id in p.owners)]
    if not shared or person.status == "left":
        return None
    offered = {field for program in shared for field in program.body.search_fields.show}
    return {field for field in offered if _visible(person, viewer, field)}


def _visible(person: Person, viewer: Person, field_name: str) -> bool:
    visibility = person.declared.visibility.get(field_name, "everyone")
    return visibility == "everyone" or (visibility == "unit" and person.unit_id == viewer.unit_id)
