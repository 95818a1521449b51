"""Step 2 of the write path: what the HR platform pushes."""

from collections.abc import Collection, Mapping, Sequence

from chassis import outbox
from chassis.database import Database, Transaction

from profile_service import hr, metrics, store
from profile_service.hr import Result, SnapshotPart
from profile_service.model import Organisation, Person

Parsed = hr.AnyHrEvent | Result
MOST_PASSES = 21
"""As many as a tree of the greatest depth takes when it comes leaves first, and one."""


async def push_org_events(database: Database, parsed: Sequence[Parsed], chunk_events: int) -> list[Result]:
    """Apply what HR pushed, each subject's in its order; what became of each event, in the order it came in.

    Every `chunk_events` are one transaction: a call cut off in between can be repeated whole. What cannot be applied
    yet is tried again after the rest, as long as that lets anything in, at most 20 times.
    """
    results = {place: item for place, item in enumerate(parsed) if isinstance(item, Result)}
    events = [(place, item) for place, item in enumerate(parsed) if not isinstance(item, Result)]
    waiting, before = hr.in_order(events), len(events) + 1
    for _ in range(MOST_PASSES):
        if len(waiting) == before:
            break
        before = len(waiting)
        for start in range(0, before, chunk_events):
            chunk = waiting[start : start + chunk_events]
            async with database.transaction() as transaction:
                became = await _push_chunk(transaction, [event for _, event in chunk])
            results |= {place: result for (place, _), result in zip(chunk, became, strict=True)}
        waiting = [placed for placed in waiting if results[placed[0]].waits]
    for result in results.values():
        metrics.HR_EVENTS.labels(result.outcome).inc()
    return [results[place] for place in range(len(parsed))]


async def apply_hr_events(
    transaction: Transaction, events: Sequence[hr.UnitEvent | hr.PersonEvent], seen: Collection[tuple[str, str]] = ()
) -> tuple[list[Result], Sequence[tuple[str, str]]]:
    """Apply events to what is known, which the caller has locked; what became of each, and the ids of those applied."""
    about = [event for event in events if isinstance(event, hr.PersonEvent)]
    numbers = {event.employee_number for event in about}
    managers = {number for event in about if (number := getattr(event, "manager", None))}
    known = await store.people_by_number(transaction, numbers)
    ids = await store.ids_by_number(transaction, managers | (numbers - known.keys()))
    push = hr.Push(
        organisation=await _organisation(transaction, events, known),
        people=known,
        programs=await store.programs(transaction),
        seen=set(seen),
        ids=ids,
        managers=await store.managers_above(transaction, list(ids.values())) if managers else {},
    )
    results = [push.apply(event) for event in events]
    await _save(transaction, push)
    return results, push.applied_ids


async def _organisation(
    transaction: Transaction, events: Sequence[hr.UnitEvent | hr.PersonEvent], known: Mapping[str, Person]
) -> Organisation:
    """The whole tree where units change; else as much as places the people, who are most of what HR says."""
    if any(isinstance(event, hr.UnitEvent) for event in events):
        return await store.organisation(transaction)
    codes = {code for event in events if (code := getattr(event, "unit", None))}
    return await store.places(transaction, {person.unit_id for person in known.values()}, codes)


async def _push_chunk(transaction: Transaction, events: Sequence[hr.AnyHrEvent]) -> list[Result]:
    await store.lock_organisation(transaction)
    seen = await store.seen_events(transaction, [(event.source, event.id) for event in events])
    plain = [event for event in events if not isinstance(event, SnapshotPart)]
    became, applied = await apply_hr_events(transaction, plain, seen)
    await store.remember_events(transaction, applied)
    seen.update(applied)
    results = iter(became)
    return [
        await _take_part(transaction, event, seen) if isinstance(event, SnapshotPart) else next(results)
        for event in events
    ]


async def _save(transaction: Transaction, push: hr.Push) -> None:
    people = push.people.changed.values()
    await store.save_units(transaction, push.units.changed.values())
    await store.save_people(transaction, people)
    await store.expect_people(transaction, push.people.expected, [person.employee_number for person in people])
    for unit_id in push.moved_units:
        await store.add_refresh(transaction, "unit_changed", unit_id=unit_id)
    await outbox.append(transaction, push.people.outgoing)


async def _take_part(transaction: Transaction, part: SnapshotPart, seen: set[tuple[str, str]]) -> Result:
    """Keep a part of a snapshot; it takes effect in the background once all are here."""
    if (part.source, part.id) in seen:
        return Result(part.id, "ignored", "seen before")
    try:
        snapshot = hr.received(await store.snapshot_of(transaction, part.source), part)
    except hr.Older:
        return Result(part.id, "ignored", "older than what is known")
    except hr.Refusal as refusal:
        return Result(part.id, "refused", refusal.reason, refusal.field)
    await store.save_snapshot(transaction, snapshot)
    await store.save_part(transaction, snapshot, part)
    await store.remember_events(transaction, [(part.source, part.id)])
    seen.add((part.source, part.id))
    return Result(part.id, "applied")
