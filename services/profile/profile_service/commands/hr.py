"""Step 2 of the write path: what the HR platform pushes."""

from collections.abc import Iterator, Sequence
from typing import Any

from chassis import outbox
from chassis.database import Database, Transaction

from profile_service import hr, metrics, store


async def push_org_events(database: Database, raw_events: Sequence[Any], chunk_events: int) -> list[hr.Result]:
    """Apply what HR pushed, in order; what became of each event, in the same order.

    Every `chunk_events` are one transaction: a call cut off in between can be repeated whole.
    """
    parsed = [hr.parse(raw) for raw in raw_events]
    results: list[hr.Result] = []
    for start in range(0, len(parsed), chunk_events):
        async with database.transaction() as transaction:
            results += await _push_chunk(transaction, parsed[start : start + chunk_events])
    for result in results:
        metrics.HR_EVENTS.labels(result.outcome).inc()
    return results


async def _push_chunk(transaction: Transaction, parsed: Sequence[hr.AnyHrEvent | hr.Result]) -> list[hr.Result]:
    await store.lock_organisation(transaction)
    events = [item for item in parsed if isinstance(item, hr.HrEvent)]
    push = hr.Push(
        organisation=await store.organisation(transaction),
        people=await store.people_by_number(transaction, set(_numbers(events))),
        programs=await store.programs(transaction),
        seen=await store.seen_events(transaction, [event.id for event in events]),
    )
    results = [item if isinstance(item, hr.Result) else push.apply(item) for item in parsed]
    await store.save_units(transaction, push.units.values())
    await store.save_people(transaction, push.people.values())
    await store.remember_events(transaction, push.applied_ids)
    for unit_id in push.moved_units:
        await store.add_refresh(transaction, "unit_changed", unit_id=unit_id)
    await outbox.append(transaction, push.outgoing)
    return results


def _numbers(events: Sequence[hr.HrEvent]) -> Iterator[str]:
    return (event.employee_number for event in events if isinstance(event, hr.PersonEvent))
