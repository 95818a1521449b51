"""What the HR platform may say about units and people, and what follows from it, event by event. Pure.

Each event is applied, ignored (older than what is known, or seen before) or refused with the field that is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID, uuid4

from chassis.http import Strict
from chassis.outbox import Outgoing
from chassis.problems import field_name
from flash_schemas.base import ShortText
from flash_schemas.profile import EmploymentStatus, ProfileChange
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from profile_service.model import Organisation, Person, Program, Unit, dated, placed

MAX_DEPTH = 20


class HrEvent(Strict):
    """What every pushed event carries: the sender's id for it, and its place in the subject's own order."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    sequence: Annotated[int, Field(ge=0, lt=2**62)]
    time: AwareDatetime


class UnitUpserted(HrEvent):
    """A unit exists, with this name, under this parent."""

    type: Literal["unit_upserted"]
    unit: ShortText
    name: ShortText
    parent: ShortText | None = None


class UnitClosed(HrEvent):
    """A unit is no more: nobody joins or moves to it; who is still in it stays until moved."""

    type: Literal["unit_closed"]
    unit: ShortText


class PersonEvent(HrEvent):
    """Something about one employee."""

    employee_number: ShortText


class PersonJoined(PersonEvent):
    """Somebody starts, or is back after having left."""

    type: Literal["person_joined"]
    name: ShortText
    job_title: ShortText
    job_level: Annotated[int, Field(ge=1, le=20)]
    location: ShortText
    unit: ShortText
    hired_on: date | None = None


class PersonChanged(PersonEvent):
    """Name, title, level or location changed; what is absent stays."""

    type: Literal["person_changed"]
    name: ShortText | None = None
    job_title: ShortText | None = None
    job_level: Annotated[int, Field(ge=1, le=20)] | None = None
    location: ShortText | None = None


class PersonMoved(PersonEvent):
    """Somebody works in another unit now."""

    type: Literal["person_moved"]
    unit: ShortText


class PersonStatus(PersonEvent):
    """Somebody is on leave, back, or has left."""

    type: Literal["person_on_leave", "person_back", "person_left"]


AnyHrEvent = UnitUpserted | UnitClosed | PersonJoined | PersonChanged | PersonMoved | PersonStatus
_adapter: TypeAdapter[AnyHrEvent] = TypeAdapter(Annotated[AnyHrEvent, Field(discriminator="type")])

STATUS: dict[str, tuple[EmploymentStatus, ProfileChange]] = {
    "person_on_leave": ("on_leave", "hr_on_leave"),
    "person_back": ("active", "hr_back"),
    "person_left": ("left", "hr_left"),
}


class Refusal(Exception):
    """The event cannot be applied; the field that is wrong and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one pushed event."""

    id: str | None
    outcome: Literal["applied", "ignored", "refused"]
    reason: str | None = None
    field: str | None = None
    person_id: UUID | None = None
    unit_id: UUID | None = None


def parse(raw: Any) -> AnyHrEvent | Result:
    """Read one pushed event, or say what is wrong with it."""
    try:
        return _adapter.validate_python(raw)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        location = fault["loc"][1:] if len(fault["loc"]) > 1 else fault["loc"]
        given = raw.get("id") if isinstance(raw, dict) else None
        return Result(given if isinstance(given, str) else None, "refused", fault["msg"], field_name(location))


class Push:
    """One chunk of pushed events applied in order to what is known. Afterwards the changes are read off it."""

    def __init__(
        self, organisation: Organisation, people: dict[str, Person], programs: list[Program], seen: set[str]
    ) -> None:
        self._organisation = organisation
        self._codes = {unit.code: unit for unit in organisation.units.values()}
        self._people = people
        self._programs = programs
        self._seen = seen
        self.units: dict[UUID, Unit] = {}
        self.people: dict[UUID, Person] = {}
        self.outgoing: list[Outgoing] = []
        self.moved_units: list[UUID] = []
        self.applied_ids: list[str] = []

    def apply(self, event: AnyHrEvent) -> Result:
        """Apply one event whole, or not at all."""
        if event.id in self._seen:
            return Result(event.id, "ignored", "seen before")
        if event.sequence <= self._known_sequence(event):
            return Result(event.id, "ignored", "older than what is known")
        try:
            result = self._appliers[type(event)](self, event)
        except Refusal as refusal:
            return Result(event.id, "refused", refusal.reason, refusal.field)
        self._seen.add(event.id)
        self.applied_ids.append(event.id)
        return result

    def _known_sequence(self, event: AnyHrEvent) -> int:
        known: Unit | Person | None
        if isinstance(event, UnitUpserted | UnitClosed):
            known = self._codes.get(event.unit)
        else:
            known = self._people.get(event.employee_number)
        return known.sequence if known else -1

    def _upsert_unit(self, event: UnitUpserted) -> Result:
        known = self._codes.get(event.unit)
        parent = self._open_unit(event.parent, "parent") if event.parent else None
        self._check_place(known, parent)
        unit = Unit(
            known.unit_id if known else uuid4(),
            event.unit,
            event.name,
            parent.unit_id if parent else None,
            closed=False,
            sequence=event.sequence,
        )
        if known and (known.name, known.parent_id) != (unit.name, unit.parent_id):
            self.moved_units.append(unit.unit_id)
        return self._keep_unit(unit, event.id)

    def _check_place(self, known: Unit | None, parent: Unit | None) -> None:
        if known and parent and self._organisation.is_below(parent.unit_id, known.unit_id):
            raise Refusal("parent", "a unit cannot lie under itself")
        if parent and len(self._organisation.path(parent.unit_id)) >= MAX_DEPTH:
            raise Refusal("parent", f"the organisation is at most {MAX_DEPTH} levels deep")

    def _close_unit(self, event: UnitClosed) -> Result:
        unit = self._open_unit(event.unit, "unit")
        if any(other.parent_id == unit.unit_id and not other.closed for other in self._organisation.units.values()):
            raise Refusal("unit", "it still has open units under it")
        return self._keep_unit(replace(unit, closed=True, sequence=event.sequence), event.id)

    def _keep_unit(self, unit: Unit, event_id: str) -> Result:
        self._codes[unit.code] = self._organisation.units[unit.unit_id] = self.units[unit.unit_id] = unit
        return Result(event_id, "applied", unit_id=unit.unit_id)

    def _join(self, event: PersonJoined) -> Result:
        known = self._people.get(event.employee_number)
        if known and known.status != "left":
            raise Refusal("employee_number", "this person is here already")
        facts = event.model_dump(include={"employee_number", "sequence", "name", "job_title", "job_level", "location"})
        facts |= {"unit_id": self._open_unit(event.unit, "unit").unit_id, "hired_on": event.hired_on}
        # What somebody who comes back said of themselves is theirs, and still there.
        person = replace(known, status="active", **facts) if known else Person(person_id=uuid4(), version=0, **facts)
        return self._keep_person(person, event, "created")

    def _change(self, event: PersonChanged) -> Result:
        facts = event.model_dump(exclude_none=True, include={"name", "job_title", "job_level", "location"})
        return self._keep_person(replace(self._present(event), **facts), event, "hr_changed")

    def _move(self, event: PersonMoved) -> Result:
        unit = self._open_unit(event.unit, "unit")
        return self._keep_person(replace(self._present(event), unit_id=unit.unit_id), event, "hr_moved")

    def _set_status(self, event: PersonStatus) -> Result:
        status, change = STATUS[event.type]
        return self._keep_person(replace(self._present(event), status=status), event, change)

    def _keep_person(self, person: Person, event: PersonEvent, change: ProfileChange) -> Result:
        newer = replace(person, version=person.version + 1, sequence=event.sequence)
        newer = placed(newer, self._organisation, self._programs)
        newer = dated(self._people.get(event.employee_number), newer, event.time.astimezone(UTC).date())
        self._people[newer.employee_number] = self.people[newer.person_id] = newer
        self.outgoing.append(newer.event(change))
        return Result(event.id, "applied", person_id=newer.person_id)

    def _open_unit(self, code: str, field: str) -> Unit:
        unit = self._codes.get(code)
        if unit is None or unit.closed:
            raise Refusal(field, "there is no such open unit; push the unit first")
        return unit

    def _present(self, event: PersonEvent) -> Person:
        person = self._people.get(event.employee_number)
        if person is None or person.status == "left":
            raise Refusal("employee_number", "nobody with this number is here; push person_joined first")
        return person

    _appliers: ClassVar[dict[type, Callable[[Any, Any], Result]]] = {
        UnitUpserted: _upsert_unit,
        UnitClosed: _close_unit,
        PersonJoined: _join,
        PersonChanged: _change,
        PersonMoved: _move,
        PersonStatus: _set_status,
    }
