"""The background half of step 2: after a unit or a program changed, everyone concerned is placed anew, pass by pass."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import cast

from chassis import outbox
from chassis.database import Database, Transaction
from flash_schemas.profile import ProfileChange

from profile_service import metrics, store
from profile_service.model import Person, dated, placed
from profile_service.passes import advance_oldest
from profile_service.store import RefreshJob


async def refresh_some(database: Database, limit: int) -> bool:
    """Place the next people of the oldest pass; True when there is more to do."""
    waiting, place = metrics.REFRESHES_WAITING, partial(_place, limit=limit)
    return await advance_oldest(database, waiting, store.unfinished_refreshes, store.next_refresh, place)


async def _place(transaction: Transaction, job: RefreshJob, limit: int) -> None:
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
