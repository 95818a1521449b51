"""The background half of step 2: after skills were merged, claims of the one become claims of the other, pass by pass.

Until then search reads the one as the other; nobody can claim a merged skill anew.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from chassis import outbox
from chassis.database import Database, Transaction

from profile_service import metrics, model, store
from profile_service.model import Person
from profile_service.passes import advance_oldest
from profile_service.store import MergePass


async def move_some_claims(database: Database, limit: int) -> bool:
    """Move the next claims of the oldest pass; True when there is more to do."""
    waiting, move = metrics.MERGES_WAITING, partial(_move, limit=limit)
    return await advance_oldest(database, waiting, store.unfinished_merges, store.next_merge, move)


async def _move(transaction: Transaction, merge: MergePass, limit: int) -> None:
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
