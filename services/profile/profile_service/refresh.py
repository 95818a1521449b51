"""The background half of step 2: after a unit or a program changed, everyone concerned is placed anew, bit by bit.

Every bit is one transaction that also says how far the pass has come, so a killed process continues where it was.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import cast

from chassis import outbox
from chassis.database import Database, Transaction
from flash_schemas.profile import ProfileChange

from profile_service import metrics, store
from profile_service.model import Person, dated, placed
from profile_service.store import RefreshJob


async def refresh_some(database: Database, limit: int) -> bool:
    """Place the next people of the oldest pass; True when there is more to do."""
    async with database.connection() as connection:
        waiting = await store.unfinished_refreshes(connection)
    metrics.REFRESHES_WAITING.set(waiting)
    if not waiting:  # asked without a transaction: its commit would wake this worker for ever
        return False
    async with database.transaction() as transaction:
        job = await store.next_refresh(transaction)
        if job:
            await _advance(transaction, job, limit)
    return job is not None


async def _advance(transaction: Transaction, job: RefreshJob, limit: int) -> None:
    people = await store.people_to_refresh(transaction, job, limit)
    # Read after the people are locked: whatever changes later makes a pass of its own.
    organisation = await store.places(transaction, {person.unit_id for person in people})
    programs = await store.programs(transaction)
    today = datetime.now(UTC).date()
    changed = [new for old in people if (new := _newer(old, placed(old, organisation, programs), today))]
    await store.save_people(transaction, changed)
    await outbox.append(transaction, [person.event(cast("ProfileChange", job.change)) for person in changed])
    after = people[-1].person_id if people else job.after_person_id
    await store.move_refresh(transaction, job, after, len(people), finished=len(people) < limit)
    metrics.PEOPLE_REFRESHED.labels("yes").inc(len(changed))
    metrics.PEOPLE_REFRESHED.labels("no").inc(len(people) - len(changed))


def _newer(old: Person, new: Person, today: date) -> Person | None:
    return replace(dated(old, new, today), version=old.version + 1) if new != old else None
