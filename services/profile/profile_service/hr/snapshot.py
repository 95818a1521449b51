"""A snapshot of the whole company: its parts as they come, and the events that follow from it when it is whole. Pure.

Everything in it has the snapshot's own place in every subject's history, so what is newer stays. Units come parents
first, then people, managers first; then whoever is missing has left, and units that are missing are closed, the lowest
first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from profile_service.hr.events import (
    EPOCH,
    ListedPerson,
    ListedUnit,
    PersonListed,
    PersonStatus,
    SnapshotPart,
    UnitClosed,
    UnitUpserted,
)
from profile_service.hr.outcomes import Older, Refusal, Result
from profile_service.hr.people import PRESENT
from profile_service.model import Order, Orders, Organisation

Phase = Literal["receiving", "judging", "units", "people", "missing_people", "missing_units", "done", "refused"]
NEXT: dict[Phase, Phase] = {
    "units": "people",
    "people": "missing_people",
    "missing_people": "missing_units",
    "missing_units": "done",
}
MAX_REFUSALS = 100
AnyListed = UnitUpserted | PersonListed | PersonStatus | UnitClosed


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How far a sender's newest snapshot has come; `after` is the last key of its phase that is done."""

    source: str
    snapshot: str
    sequence: int | None
    at: datetime
    phase: Phase = "receiving"
    parts: tuple[int, ...] = ()
    last_part: int | None = None
    confirmed: bool = False
    after: str = ""
    reason: str | None = None
    applied: int = 0
    ignored: int = 0
    refused: int = 0
    refusals: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def order(self) -> Order:
        """Its place in the history of every subject."""
        return Order(self.sequence, (self.at - EPOCH) // timedelta(microseconds=1))

    def with_part(self, part: SnapshotPart) -> "Snapshot":
        """With one more part; judged when it is the last that was missing. Raises Older, Refusal."""
        if self.phase not in ("receiving", "refused"):
            raise Older
        if (part.sequence, part.time) != (self.sequence, self.at):
            raise Refusal("time", "all parts of a snapshot have the same sequence and time", waits=False)
        parts = {*self.parts, part.part}
        last_part = part.part if part.last else None if self.last_part == part.part else self.last_part
        if last_part and max(parts) > last_part:
            raise Refusal("part", "there is a part after the last one", waits=False)
        return replace(
            self,
            phase="judging" if len(parts) == last_part else "receiving",
            parts=tuple(sorted(parts)),
            last_part=last_part,
            confirmed=self.confirmed or part.confirmed,
            reason=None,
        )

    def judged(self, ending: int, present: int, ends_share: float) -> "Snapshot":
        """Let in, or refused because it would end too many people and nobody confirmed that; then it begins anew."""
        if self.confirmed or ending <= ends_share * present:
            return replace(self, phase="units")
        reason = (
            f"{ending} of {present} people are missing, more than {ends_share:.0%}: "
            "send it again, whole and with confirmed = true, if they left"
        )
        return replace(self, phase="refused", parts=(), last_part=None, reason=reason)

    def advanced(self, events: Mapping[str, AnyListed], results: Iterable[Result], *, finished: bool) -> "Snapshot":
        """With these events, by key, done; `finished` when its phase is over."""
        became = list(zip(events.items(), results, strict=True))
        outcomes = [result.outcome for _, result in became]
        refusals = [_refusal(event, result) for (_, event), result in became if result.outcome == "refused"]
        return replace(
            self,
            phase=NEXT[self.phase] if finished else self.phase,
            after="" if finished else list(events)[-1],
            applied=self.applied + outcomes.count("applied"),
            ignored=self.ignored + outcomes.count("ignored"),
            refused=self.refused + outcomes.count("refused"),
            refusals=(*self.refusals, *refusals)[:MAX_REFUSALS],
        )

    def unit_events(self, listed: Iterable[ListedUnit], limit: int) -> dict[str, UnitUpserted]:
        """The next units, parents first, by key."""
        by_code = {unit.unit: unit for unit in listed}
        deep = depths({code: unit.parent for code, unit in by_code.items()})
        keys = sorted((f"{deep[code]:04}:{code}", code) for code in by_code)
        some = [(key, by_code[code]) for key, code in keys if key > self.after][:limit]
        return {key: UnitUpserted(type="unit_upserted", **dict(unit), **self._about()) for key, unit in some}

    def person_events(self, listed: Iterable[ListedPerson]) -> dict[str, PersonListed]:
        """These people, by number; what was left out of the list stays left out."""
        return {
            person.employee_number: PersonListed(**person.model_dump(exclude_unset=True), **self._about())
            for person in listed
        }

    def left_events(self, numbers: Iterable[str]) -> dict[str, PersonStatus]:
        """These people have left, by number."""
        return {number: PersonStatus(type="person_left", employee_number=number, **self._about()) for number in numbers}

    def closed_events(self, listed: set[str], organisation: Organisation, limit: int) -> dict[str, UnitClosed]:
        """The next open units that are not listed, the lowest first, by key."""
        missing = [unit for unit in organisation.units.values() if not unit.closed and unit.code not in listed]
        keys = sorted((f"{9999 - organisation.depth(unit.unit_id):04}:{unit.code}", unit.code) for unit in missing)
        some = [(key, code) for key, code in keys if key > self.after][:limit]
        return {key: UnitClosed(type="unit_closed", unit=code, **self._about()) for key, code in some}

    def ends(self, orders: Orders) -> bool:
        """Whether somebody of whom this is known, and who is missing, has left by it."""
        return self.order.after(orders.of(PRESENT)) and self.order.after(orders.of("status"))

    def _about(self) -> dict[str, Any]:
        """Ids are never looked at again: only a part is remembered as seen."""
        return {"id": str(uuid4()), "source": self.source, "sequence": self.sequence, "time": self.at}


def received(known: Snapshot | None, part: SnapshotPart) -> Snapshot:
    """A sender's snapshot with this part, which may begin a new one in its place. Raises Older, Refusal."""
    if known is None:
        return Snapshot(part.source, part.snapshot, part.sequence, part.time).with_part(part)
    if known.snapshot == part.snapshot:
        return known.with_part(part)
    if not part.order.after(known.order):
        raise Older
    if known.phase not in ("receiving", "done", "refused"):
        raise Refusal("snapshot", f"{known.snapshot} is just taking effect; send this one after it", waits=False)
    return Snapshot(part.source, part.snapshot, part.sequence, part.time).with_part(part)


def depths(above: Mapping[str, str | None]) -> dict[str, int]:
    """How many of those listed are above each; one whose way goes in a circle comes last, and is refused there."""
    return {name: _depth(name, above) for name in above}


def _depth(name: str, above: Mapping[str, str | None]) -> int:
    seen: set[str] = set()
    step = above[name]
    while step is not None and step in above and step not in seen:
        seen.add(step)
        step = above[step]
    return 9999 if step in seen else len(seen)


def _refusal(event: AnyListed, result: Result) -> dict[str, Any]:
    about = {"unit": getattr(event, "unit", None), "employee_number": getattr(event, "employee_number", None)}
    return {**about, "reason": result.reason, "field": result.field}
