"""What HR's events do to people. Pure.

An event takes its place in its person's history: what it says holds where nothing newer is known, so that events in any
order end in the same state. Whoever does something is there: a departure older than that is ignored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any
from uuid import UUID, uuid4

from chassis.outbox import Outgoing
from flash_schemas.profile import EmploymentStatus, ProfileChange

from profile_service.hr.events import PersonChanged, PersonEvent, PersonJoined, PersonListed, PersonMoved, PersonStatus
from profile_service.hr.outcomes import Older, Refusal
from profile_service.hr.units import Units
from profile_service.model import Order, Orders, Person, Program, dated, placed

FACTS = ("name", "job_title", "job_level", "location", "unit", "hired_on", "manager", "email")
TAKEN_AWAY = {"manager", "email"}
"""What somebody may have no more: null says so, where it is said at all."""
PRESENT = "present"
"""How new the newest word is by which somebody is here."""
GONE = "gone"
"""How new the newest departure is that came too late to have anybody leave."""
STATUS: dict[str, tuple[EmploymentStatus, ProfileChange]] = {
    "person_on_leave": ("on_leave", "hr_on_leave"),
    "person_back": ("active", "hr_back"),
    "person_left": ("left", "hr_left"),
}


class People:
    """People while events are applied to them; `changed` are those to keep, `outgoing` what is told of them.

    `ids` are those of managers and of people expected, by employee number; `managers` leads upwards from those whom
    the events name. `expected` grows by managers who have not joined.
    """

    def __init__(
        self,
        units: Units,
        known: Mapping[str, Person],
        programs: Iterable[Program],
        ids: Mapping[str, UUID],
        managers: Mapping[UUID, UUID | None],
    ) -> None:
        self.changed: dict[UUID, Person] = {}
        self.outgoing: list[Outgoing] = []
        self.expected: dict[str, UUID] = {}
        self._units = units
        self._known = dict(known)
        self._programs = list(programs)
        self._ids = dict(ids)
        self._managers = dict(managers)

    def join(self, event: PersonJoined) -> Person:
        """Here for the first time, or again. Raises Older, Refusal."""
        known = self._known.get(event.employee_number)
        if known and known.status != "left" and _was_here(_orders(known), event.order):
            raise Refusal("employee_number", "this person is here already", waits=False)
        facts = {**event.model_dump(include=set(FACTS)), "status": "active"}
        return self._told_whole(event, facts, "created")

    def listed(self, event: PersonListed) -> Person:
        """As a snapshot has it; told to others only when it differs. Raises Older, Refusal."""
        known = self._known.get(event.employee_number)
        left_out = {"hired_on", *TAKEN_AWAY} - event.model_fields_set
        facts = event.model_dump(include={*FACTS, "status"} - left_out)
        return self._told_whole(event, facts, _listed_change(known, event.status))

    def change(self, event: PersonChanged) -> Person:
        """Raises Older, Refusal."""
        given = event.model_dump(include=set(FACTS) & event.model_fields_set)
        facts = {part: value for part, value in given.items() if value is not None or part in TAKEN_AWAY}
        return self._told_here(event, facts, "hr_changed")

    def move(self, event: PersonMoved) -> Person:
        """Raises Older, Refusal."""
        return self._told_here(event, {"unit": event.unit}, "hr_moved")

    def set_status(self, event: PersonStatus) -> Person:
        """Raises Older, Refusal."""
        status, change = STATUS[event.type]
        if status != "left":
            return self._told_here(event, {"status": status}, change)
        known = self._here(event)
        orders = _orders(known)
        if not (event.order.after(orders.of(PRESENT)) and event.order.after(orders.of("status"))):
            self._note(known, orders.raised(event.order, [GONE]))
            raise Older
        return self._keep(replace(known, status="left"), event, orders.raised(event.order, ["status"]), change)

    def _told_whole(self, event: PersonJoined | PersonListed, facts: dict[str, Any], change: ProfileChange) -> Person:
        known = self._known.get(event.employee_number)
        if known is None:
            return self._keep(self._made(event, facts), event, Orders(event.order), change)
        orders = _orders(known)
        newer = _newer(facts, event.order, orders)
        told = replace(known, **self._resolved(newer, event, known.person_id))
        return self._keep(told, event, orders.raised_whole(event.order), change)

    def _told_here(self, event: PersonEvent, facts: dict[str, Any], change: ProfileChange) -> Person:
        known = self._here(event)
        orders = _orders(known)
        if not facts and not event.order.after(orders.of(PRESENT)):
            raise Older
        newer = _newer(facts, event.order, orders) if facts else {}
        told = replace(known, **self._resolved(newer, event, known.person_id))
        return self._keep(told, event, orders.raised(event.order, [*facts, PRESENT]), change)

    def _here(self, event: PersonEvent) -> Person:
        """The person, who was here when the event happened. Raises Refusal."""
        known = self._known.get(event.employee_number)
        if known is None or (known.status == "left" and event.order.after(_orders(known).of("status"))):
            raise Refusal("employee_number", "nobody with this number is here; push person_joined first")
        return known

    def _made(self, event: PersonEvent, facts: dict[str, Any]) -> Person:
        person_id = self._ids.get(event.employee_number) or uuid4()
        resolved = self._resolved(facts, event, person_id)
        return Person(
            person_id=person_id, employee_number=event.employee_number, version=0, sequence=event.number, **resolved
        )

    def _resolved(self, facts: dict[str, Any], event: PersonEvent, person_id: UUID) -> dict[str, Any]:
        """The facts as a person's fields: ids in the place of HR's names. Raises Refusal."""
        fields = {name: value for name, value in facts.items() if name not in ("unit", "manager")}
        if "unit" in facts:
            fields["unit_id"] = self._units.named(facts["unit"], "unit", event).unit_id
        if "manager" in facts:
            fields["manager_id"] = self._manager(facts["manager"], event, person_id)
        return fields

    def _manager(self, number: str | None, event: PersonEvent, person_id: UUID) -> UUID | None:
        if number is None:
            return None
        manager_id = person_id if number == event.employee_number else self._id_of(number)
        seen: set[UUID] = set()
        step: UUID | None = manager_id
        while step is not None and step not in seen:
            if step == person_id:
                raise Refusal("manager", "nobody is their own manager, also not by way of others")
            seen.add(step)
            step = self._managers.get(step)
        return manager_id

    def _id_of(self, number: str) -> UUID:
        """Of somebody named as a manager, who has an id from now on, here or not."""
        if known := self._known.get(number):
            return known.person_id
        if number not in self._ids:
            self._ids[number] = self.expected[number] = uuid4()
        return self._ids[number]

    def _keep(self, person: Person, event: PersonEvent, orders: Orders, change: ProfileChange) -> Person:
        sequence = max(person.sequence, event.number)
        newer = placed(replace(person, sequence=sequence, hr_orders=orders), self._units.organisation, self._programs)
        newer = dated(self._known.get(event.employee_number), newer, event.time.astimezone(UTC).date())
        if self._tells(newer, event):
            newer = replace(newer, version=newer.version + 1)
            self.outgoing.append(newer.event(change))
        self._known[newer.employee_number] = self.changed[newer.person_id] = newer
        self._managers[newer.person_id] = newer.manager_id
        self.expected.pop(newer.employee_number, None)
        return newer

    def _note(self, person: Person, orders: Orders) -> None:
        """Keep what an event tells that changes nobody: nothing is said of it."""
        noted = replace(person, hr_orders=orders)
        self._known[person.employee_number] = self.changed[person.person_id] = noted

    def _tells(self, newer: Person, event: PersonEvent) -> bool:
        """Whether others must know: of a snapshot's word only what differs, or a full one would say everyone anew."""
        if not isinstance(event, PersonListed):
            return True
        known = self._known.get(event.employee_number)
        return known is None or replace(newer, sequence=known.sequence, hr_orders=known.hr_orders) != known


def _was_here(orders: Orders, at: Order) -> bool:
    """Whether somebody who is here now was so then: by the newest word, or as no departure in between is known.

    Without the second, a joining that was refused would be applied when its call is repeated.
    """
    if at.after(orders.of(PRESENT)):
        return True
    gone = orders.parts.get(GONE)
    return at.after(orders.base) and not (gone and at.after(gone))


def _newer(facts: dict[str, Any], order: Order, orders: Orders) -> dict[str, Any]:
    newer = {part: value for part, value in facts.items() if order.after(orders.of(part))}
    if not newer:
        raise Older
    return newer


def _listed_change(known: Person | None, status: EmploymentStatus) -> ProfileChange:
    if known is None or known.status == "left":
        return "created"
    if known.status == status:
        return "hr_changed"
    return "hr_back" if status == "active" else "hr_on_leave"


def _orders(person: Person) -> Orders:
    return person.hr_orders or Orders(Order(person.sequence, 0))
