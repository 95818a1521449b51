"""Step 3 of the SCIM path: what a user's state means for the person and the units, through the rules of the HR push.

One `Followed` is one transaction: it knows the organisation and the people concerned, lets the rules apply each
operation whole or not at all, and writes what followed at the end.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID, uuid4

from chassis import outbox
from chassis.database import Transaction
from chassis.outbox import Outgoing
from scim2_models import InvalidValueException

from profile_service import hr, store
from profile_service.model import Organisation, Person, Program, Unit
from profile_service.scim.departments import Departments
from profile_service.scim.mapping import DEFAULT_JOB_LEVEL, NOT_STATED, Facts

Manager: TypeAlias = tuple[str | None, ...]
"""The manager's number, None for nobody any more; empty when nothing is said."""


@dataclass
class Followed:
    """What is known, and what has changed so far. `ids` are those of people who are not in `people`, by number."""

    organisation: Organisation
    programs: list[Program]
    units: Departments
    people: dict[str, Person] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    ids: dict[str, UUID] = field(default_factory=dict)
    above: dict[UUID, UUID | None] = field(default_factory=dict)
    changed_units: dict[UUID, Unit] = field(default_factory=dict)
    changed_people: dict[UUID, Person] = field(default_factory=dict)
    moved_units: list[UUID] = field(default_factory=list)
    expected: dict[str, UUID] = field(default_factory=dict)
    outgoing: list[Outgoing] = field(default_factory=list)

    @classmethod
    async def read(cls, transaction: Transaction) -> "Followed":
        """Take the lock that every change of the tree takes, then read it."""
        await store.lock_organisation(transaction)
        organisation = await store.organisation(transaction)
        return cls(organisation, await store.programs(transaction), Departments(organisation))

    async def expect(self, transaction: Transaction, numbers: set[str], manager: str | None = None) -> None:
        """Lock and read the people with these numbers, in one order for everybody; read who is above a manager."""
        unknown = numbers - self.asked
        read = await store.people_by_number(transaction, unknown) if unknown else {}
        managers = {person.manager_id for person in read.values() if person.manager_id}
        self.ids |= await store.numbers_of(transaction, managers) if managers else {}
        self.people |= read
        self.asked |= unknown
        named = (unknown | ({manager} if manager else set())) - self.people.keys() - self.ids.keys()
        self.ids |= await store.ids_by_number(transaction, named) if named else {}
        above = self._ids().get(manager) if manager else None
        self.above |= await store.managers_above(transaction, [above]) if above else {}

    def say(self, number: str, facts: Facts, manager: Manager, *, status: bool) -> None:
        """A user is now like this; `status`: and it is said now that they are here, or have left.

        Where it is not, and the push says otherwise, the push holds and nothing is said of the person.
        Raises InvalidValueException when HR's rules refuse it; then nothing has changed.
        """
        person = self.people.get(number)
        if person and not status and (person.status == "left") == facts.active:
            return
        if not facts.active:
            self.leave(number)
            return
        unit, made = self.units.place(facts.department, person)
        said = self._differences(person, facts, unit, manager) if person and person.status != "left" else None
        events = [_joined(facts, unit, person, manager or self._manager_of(person))] if said is None else said
        self._apply(number, [*made, *({"employee_number": number, **event} for event in events)])

    def leave(self, number: str) -> None:
        """A user is deactivated or gone: the person has left."""
        person = self.people.get(number)
        if person and person.status != "left":
            self._apply(number, [{"type": "person_left", "employee_number": number}])

    async def save(self, transaction: Transaction) -> None:
        """Write what followed."""
        if self.changed_units:
            await store.save_units(transaction, self.changed_units.values())
        if self.changed_people:
            await store.save_people(transaction, self.changed_people.values())
            arrived = [number for number, person in self.people.items() if person.person_id in self.changed_people]
            waiting = {number: id_ for number, id_ in self.expected.items() if number not in arrived}
            await store.expect_people(transaction, waiting, arrived)
        for unit_id in self.moved_units:
            await store.add_refresh(transaction, "unit_changed", unit_id=unit_id)
        await outbox.append(transaction, self.outgoing)

    def _differences(self, person: Person, facts: Facts, unit: str, manager: Manager) -> list[dict[str, Any]]:
        """What differs from what is known of somebody who is here."""
        said = {name: getattr(facts, name) for name in ("name", "job_title", "job_level", "location", "email")}
        changed = {name: value for name, value in said.items() if value is not None and value != getattr(person, name)}
        for number in manager:
            if person.manager_id is None if number is None else self._ids().get(number) == person.manager_id:
                continue
            changed["manager"] = number
        moved = self.organisation.units[person.unit_id].code != unit
        return [
            *([{"type": "person_changed", **changed}] if changed else []),
            *([{"type": "person_moved", "unit": unit}] if moved else []),
        ]

    def _manager_of(self, person: Person | None) -> Manager:
        return tuple(number for number, id_ in self._ids().items() if person and person.manager_id == id_)

    def _apply(self, number: str, events: list[dict[str, Any]]) -> None:
        """All of these, or none."""
        known, units = self.people.get(number), dict(self.organisation.units)
        push = hr.Push(
            self.organisation,
            {number: known} if known else {},
            self.programs,
            set(),
            self._ids(),
            self.above | {person.person_id: person.manager_id for person in self.changed_people.values()},
        )
        for facts in events:
            event = hr.parse({"id": f"scim:{uuid4()}", "time": datetime.now(UTC), **facts})
            assert not isinstance(event, hr.SnapshotPart)
            result = event if isinstance(event, hr.Result) else push.apply(event)
            if result.outcome == "refused":
                self.organisation = Organisation(units.values())  # the people were a copy
                self.units = Departments(self.organisation)
                raise InvalidValueException(detail=f"{result.field}: {result.reason}")
        self._keep(push)

    def _keep(self, push: hr.Push) -> None:
        self.changed_units |= push.units.changed
        self.moved_units += push.moved_units
        self.changed_people |= push.people.changed
        self.expected |= push.people.expected
        self.ids |= push.people.expected
        self.outgoing += push.people.outgoing
        self.people |= {number: person for person in push.people.changed.values() if (number := person.employee_number)}
        for unit in push.units.changed.values():
            self.units.add(unit)

    def _ids(self) -> dict[str, UUID]:
        return self.ids | {number: person.person_id for number, person in self.people.items()}


def _joined(facts: Facts, unit: str, known: Person | None, manager: Manager) -> dict[str, Any]:
    """Somebody new, or back; where nothing is said, what was known of them."""
    return {
        "type": "person_joined",
        "name": facts.name,
        "job_title": facts.job_title or (known.job_title if known else NOT_STATED),
        "job_level": facts.job_level or (known.job_level if known else DEFAULT_JOB_LEVEL),
        "location": facts.location or (known.location if known else NOT_STATED),
        "unit": unit,
        "hired_on": known.hired_on if known else None,
        "manager": next(iter(manager), None),
        "email": facts.email or (known.email if known else None),
    }
