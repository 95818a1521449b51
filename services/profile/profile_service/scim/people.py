"""Step 3 of the SCIM path: what a user's state means for the person and the units, through the rules of the HR push.

One `Followed` is one transaction: it knows the organisation and the people concerned, lets the rules apply each
operation whole or not at all, and writes what followed at the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from chassis import outbox
from chassis.database import Transaction
from chassis.outbox import Outgoing
from scim2_models import InvalidValueException

from profile_service import hr, store
from profile_service.model import Organisation, Person, Program, Unit
from profile_service.scim.departments import Departments
from profile_service.scim.mapping import DEFAULT_JOB_LEVEL, NOT_STATED, Facts


@dataclass
class Followed:
    """What is known, and what has changed so far."""

    organisation: Organisation
    programs: list[Program]
    units: Departments
    people: dict[str, Person] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    changed_units: dict[UUID, Unit] = field(default_factory=dict)
    changed_people: dict[UUID, Person] = field(default_factory=dict)
    outgoing: list[Outgoing] = field(default_factory=list)

    @classmethod
    async def read(cls, transaction: Transaction) -> "Followed":
        """Take the lock that every change of the tree takes, then read it."""
        await store.lock_organisation(transaction)
        organisation = await store.organisation(transaction)
        return cls(organisation, await store.programs(transaction), Departments(organisation))

    async def expect(self, transaction: Transaction, numbers: set[str]) -> None:
        """Lock and read the people with these numbers, in one order for everybody."""
        unknown = numbers - self.asked
        self.people |= await store.people_by_number(transaction, unknown) if unknown else {}
        self.asked |= unknown

    def say(self, number: str, facts: Facts) -> None:
        """A user is now like this. Raises InvalidValueException when HR's rules refuse it; then nothing has changed."""
        person = self.people.get(number)
        if not facts.active:
            self.leave(number)
            return
        unit, made = self.units.place(facts.department, person)
        here = person is not None and person.status != "left"
        code_now = self.organisation.units[person.unit_id].code if person else None
        said = _changes(person, facts, unit, code_now) if person and here else [_joined(facts, unit, person)]
        self._apply(number, [*made, *({"employee_number": number, **event} for event in said)])

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
        await outbox.append(transaction, self.outgoing)

    def _apply(self, number: str, events: list[dict[str, Any]]) -> None:
        """All of these, or none."""
        known, units = self.people.get(number), dict(self.organisation.units)
        push = hr.Push(self.organisation, {number: known} if known else {}, self.programs, set())
        for sequence, facts in enumerate(events, known.sequence + 1 if known else 0):
            usual = {"id": f"scim:{uuid4()}", "time": datetime.now(UTC), "sequence": sequence}
            event = hr.parse(usual | facts)
            result = event if isinstance(event, hr.Result) else push.apply(event)
            if result.outcome != "applied":
                self.organisation.units.clear()  # the people were a copy
                self.organisation.units.update(units)
                raise InvalidValueException(detail=f"{result.field}: {result.reason}")
        self._keep(push)

    def _keep(self, push: hr.Push) -> None:
        self.changed_units |= push.units
        self.changed_people |= push.people
        self.outgoing += push.outgoing
        self.people |= {person.employee_number: person for person in push.people.values()}
        for unit in push.units.values():
            self.units.add(unit)


def _joined(facts: Facts, unit: str, known: Person | None) -> dict[str, Any]:
    """Somebody new, or back; where nothing is said, what was known of them."""
    return {
        "type": "person_joined",
        "name": facts.name,
        "job_title": facts.job_title or (known.job_title if known else NOT_STATED),
        "job_level": facts.job_level or (known.job_level if known else DEFAULT_JOB_LEVEL),
        "location": facts.location or (known.location if known else NOT_STATED),
        "unit": unit,
        "hired_on": known.hired_on if known else None,
    }


def _changes(person: Person, facts: Facts, unit: str, unit_now: str | None) -> Iterator[dict[str, Any]]:
    """What differs from what is known."""
    said = {name: getattr(facts, name) for name in ("name", "job_title", "job_level", "location")}
    changed = {name: value for name, value in said.items() if value is not None and value != getattr(person, name)}
    if changed:
        yield {"type": "person_changed", **changed}
    if unit_now != unit:
        yield {"type": "person_moved", "unit": unit}
