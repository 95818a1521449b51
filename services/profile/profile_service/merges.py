"""The background half of step 2: after skills were merged, claims of the one become claims of the other, bit by bit.

Every bit is one transaction that also says how far the pass has come, so a killed process continues where it was. Until
then search reads the one as the other; nobody can claim a merged skill anew.
"""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from chassis import outbox
from chassis.database import Database, Transaction

from profile_service import metrics, model, store
from profile_service.model import Person
from profile_service.store import MergePass


async def move_some_claims(database: Database, limit: int) -> bool:
    """Move the next claims of the oldest pass; True when there is more to do."""
    async with database.connection() as connection:
        waiting = await store.unfinished_merges(connection)
    metrics.MERGES_WAITING.set(waiting)
    if not waiting:  # asked without a transaction: its commit would wake this worker for ever
        return False
    async with database.transaction() as transaction:
        merge = await store.next_merge(transaction)
        if merge:
            await _advance(transaction, merge, limit)
    return merge is not None


async def _advance(transaction: Transaction, merge: MergePass, limit: int) -> None:
    winner_id = await store.winner_of(transaction, merge.skill_id)
    people = await store.people_claiming(transaction, merge, limit)
    changed = [_moved(person, merge.skill_id, winner_id) for person in people]
    await store.save_people(transaction, changed)
    await outbox.append(transaction, [person.event("edited") for person in changed])
    after = people[-1].person_id if people else merge.after_person_id
    await store.move_merge(transaction, merge, after, len(people), finished=len(people) < limit)
    metrics.CLAIMS_MOVED.inc(len(changed))


def _moved(person: Person, loser_id: UUID, winner_id: UUID) -> Person:
    skills = model.moved_claims(person.declared.skills, loser_id, winner_id)
    moved = replace(person, declared=person.declared.model_copy(update={"skills": skills}))
    return replace(model.dated(person, moved, datetime.now(UTC).date()), version=person.version + 1)
