"""Events of the HR platform applied in order to what is known, each whole or not at all. Pure.

Each is applied, ignored (overtaken by what is known, or seen before) or refused with the field that is wrong.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any
from uuid import UUID

from profile_service.hr.events import (
    AnyHrEvent,
    PersonChanged,
    PersonEvent,
    PersonJoined,
    PersonListed,
    PersonMoved,
    PersonStatus,
    UnitClosed,
    UnitEvent,
    UnitMoved,
    UnitRenamed,
    UnitUpserted,
)
from profile_service.hr.outcomes import Older, Refusal, Result
from profile_service.hr.people import People
from profile_service.hr.units import Units
from profile_service.model import Organisation, Person, Program, Unit

Applied = AnyHrEvent | PersonListed
Placed = tuple[int, AnyHrEvent]
"""An event and where it stood in its call."""


def in_order(call: Sequence[Placed]) -> list[Placed]:
    """By time; the events of one subject among themselves by sequence, where all of them have one."""
    by_time = sorted(call, key=lambda placed: placed[1].time)
    told: defaultdict[Hashable, list[Placed]] = defaultdict(list)
    for placed in by_time:
        told[_subject(placed[1])].append(placed)
    in_turn = {subject: iter(_by_sequence(events)) for subject, events in told.items()}
    return [next(in_turn[_subject(event)]) for _, event in by_time]


def _by_sequence(told: list[Placed]) -> list[Placed]:
    counted = [(event.sequence, place, event) for place, event in told if event.sequence is not None]
    if len(counted) < len(told):
        return told
    return [(place, event) for _, place, event in sorted(counted, key=lambda placed: placed[:2])]


def _subject(event: AnyHrEvent) -> Hashable:
    match event:
        case PersonEvent():
            return PersonEvent, event.employee_number
        case UnitEvent():
            return UnitEvent, event.unit
        case _:
            return event.id


class Push:
    """Some events on their way in. Afterwards the changes are read off `units` and `people`."""

    def __init__(
        self,
        organisation: Organisation,
        people: Mapping[str, Person],
        programs: list[Program],
        seen: set[tuple[str, str]],
        ids: Mapping[str, UUID] | None = None,
        managers: Mapping[UUID, UUID | None] | None = None,
    ) -> None:
        self.units = Units(organisation)
        self.people = People(self.units, people, programs, ids or {}, managers or {})
        self.applied_ids: list[tuple[str, str]] = []
        self._seen = seen
        self._appliers: dict[type, Callable[[Any], Unit | Person]] = {
            UnitUpserted: self.units.upsert,
            UnitRenamed: self.units.rename,
            UnitMoved: self.units.move,
            UnitClosed: self.units.close,
            PersonJoined: self.people.join,
            PersonChanged: self.people.change,
            PersonMoved: self.people.move,
            PersonStatus: self.people.set_status,
            PersonListed: self.people.listed,
        }

    def apply(self, event: UnitEvent | PersonEvent) -> Result:
        """Apply one event whole, or not at all."""
        if (event.source, event.id) in self._seen:
            return Result(event.id, "ignored", "seen before")
        try:
            changed = self._appliers[type(event)](event)
        except Older:
            return Result(event.id, "ignored", "older than what is known")
        except Refusal as refusal:
            return Result(event.id, "refused", refusal.reason, refusal.field, waits=refusal.waits)
        self._seen.add((event.source, event.id))
        self.applied_ids.append((event.source, event.id))
        if isinstance(changed, Unit):
            return Result(event.id, "applied", unit_id=changed.unit_id)
        return Result(event.id, "applied", person_id=changed.person_id)

    @property
    def moved_units(self) -> list[UUID]:
        """The units whose people must be placed anew, without those that lie under another of them."""
        organisation, moved = self.units.organisation, set(self.units.moved)
        ways = {unit_id: [ref.unit_id for ref in organisation.path(unit_id)][:-1] for unit_id in moved}
        return [unit_id for unit_id in dict.fromkeys(self.units.moved) if moved.isdisjoint(ways[unit_id])]
