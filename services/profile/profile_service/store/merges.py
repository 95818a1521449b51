"""Step 4 of the write path: statements about the passes that move people's claims after a merge."""

from dataclasses import dataclass
from uuid import UUID

from chassis.database import Transaction

from profile_service.model import Person
from profile_service.store.people import person_of

NEXT_MERGE = """
SELECT merge_id, skill_id, after_person_id FROM skill_merge WHERE finished_at IS NULL
ORDER BY merge_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
MOVE_MERGE = """
UPDATE skill_merge SET after_person_id = $2, people_done = people_done + $3,
    finished_at = CASE WHEN $4 THEN now() END WHERE merge_id = $1
"""
CLAIMING = """
SELECT * FROM person
WHERE person_id > $1 AND declared -> 'skills' @> jsonb_build_array(jsonb_build_object('skill_id', $2::text))
ORDER BY person_id LIMIT $3 FOR UPDATE
"""
WINNER = """
WITH RECURSIVE way (skill_id, merged_into) AS (
    SELECT skill_id, merged_into FROM skill WHERE skill_id = $1
    UNION
    SELECT s.skill_id, s.merged_into FROM way JOIN skill AS s ON s.skill_id = way.merged_into
)
SELECT skill_id FROM way WHERE merged_into IS NULL
"""


@dataclass(frozen=True, slots=True)
class MergePass:
    """A pass over the people who claim `skill_id`, which was merged."""

    merge_id: int
    skill_id: UUID
    after_person_id: UUID


async def add_merge(transaction: Transaction, skill_id: UUID, winner_id: UUID) -> None:
    """Have the claims of a merged skill moved in the background; what other vocabularies call it is the winner now."""
    await transaction.execute("UPDATE skill_source SET skill_id = $2 WHERE skill_id = $1", skill_id, winner_id)
    await transaction.execute("INSERT INTO skill_merge (skill_id) VALUES ($1)", skill_id)


async def unfinished_merges(transaction: Transaction) -> int:
    """How many passes are still to be made."""
    count: int = await transaction.fetchval("SELECT count(*) FROM skill_merge WHERE finished_at IS NULL")
    return count


async def next_merge(transaction: Transaction) -> MergePass | None:
    """The oldest unfinished pass that no other process holds, locked."""
    row = await transaction.fetchrow(NEXT_MERGE)
    return MergePass(**row) if row else None


async def winner_of(transaction: Transaction, skill_id: UUID) -> UUID:
    """The skill in whose place this one stands now."""
    winner_id: UUID = await transaction.fetchval(WINNER, skill_id)
    return winner_id


async def people_claiming(transaction: Transaction, merge: MergePass, limit: int) -> list[Person]:
    """The next people of a pass, locked."""
    rows = await transaction.fetch(CLAIMING, merge.after_person_id, str(merge.skill_id), limit)
    return [person_of(row) for row in rows]


async def move_merge(transaction: Transaction, merge: MergePass, after: UUID, done: int, *, finished: bool) -> None:
    """A pass has come this far."""
    await transaction.execute(MOVE_MERGE, merge.merge_id, after, done, finished)
