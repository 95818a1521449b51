"""The background half of step 2: a snapshot that is whole takes effect, bit by bit.

Every bit is one transaction that also says how far the snapshot has come, so a killed process continues where it was.
"""

from chassis import logs
from chassis.database import Database, Transaction

from profile_service import commands, hr, metrics, store
from profile_service.hr import AnyListed, Snapshot

log = logs.get(__name__)


async def apply_some(database: Database, limit: int, ends_share: float) -> bool:
    """Apply the next units or people of a snapshot, at most `limit`; True when there is more to do."""
    async with database.connection() as connection:  # without a transaction, as in passes.py
        if not await store.snapshots_waiting(connection):
            return False
    async with database.transaction() as transaction:
        await store.lock_organisation(transaction)
        snapshot = await store.next_snapshot(transaction)
        if snapshot:
            await _advance(transaction, snapshot, limit, ends_share)
    return snapshot is not None


async def _advance(transaction: Transaction, snapshot: Snapshot, limit: int, ends_share: float) -> None:
    if snapshot.phase == "judging":
        missing = await store.missing_people(transaction, snapshot.source)
        ending = sum(snapshot.ends(orders) for _, orders in missing)
        judged = snapshot.judged(ending, await store.people_present(transaction), ends_share)
        await store.save_snapshot(transaction, judged)
        depths = hr.depths(await store.listed_managers(transaction, snapshot.source))
        await store.rank_people(transaction, snapshot.source, depths)
        log.info("snapshot_judged", ending=ending, phase=judged.phase)
        return
    events = await _next_events(transaction, snapshot, limit)
    results, _ = await commands.apply_hr_events(transaction, list(events.values()))
    for result in results:
        metrics.HR_EVENTS.labels(result.outcome).inc()
    await store.save_snapshot(transaction, snapshot.advanced(events, results, finished=len(events) < limit))


async def _next_events(transaction: Transaction, snapshot: Snapshot, limit: int) -> dict[str, AnyListed]:
    """What follows from the snapshot next, by the key that says how far it has come."""
    source, after = snapshot.source, snapshot.after
    if snapshot.phase == "units":
        return {**snapshot.unit_events(await store.listed_units(transaction, source), limit)}
    if snapshot.phase == "people":
        return {**snapshot.person_events(await store.listed_people(transaction, source, after, limit))}
    if snapshot.phase == "missing_people":
        missing = await store.missing_people(transaction, source, after, limit)
        return {**snapshot.left_events(number for number, _ in missing)}
    listed = {unit.unit for unit in await store.listed_units(transaction, source)}
    return {**snapshot.closed_events(listed, await store.organisation(transaction), limit)}
