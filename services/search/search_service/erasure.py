"""Beside step 6 of the data's way: what this service forgets of a person. A tombstone with a version stays, so that no
late event brings them back, and how many searches they made; neither says anything about them.
"""

from collections.abc import Sequence
from uuid import UUID

from chassis import erasing
from chassis.consumer import Consumer, Delivery
from chassis.database import Database, Transaction
from flash_schemas.erasure import ErasureRequestedV1

# With a new version of the document, which goes to every index; a document that was refused is tried again.
EMPTY = """
INSERT INTO person AS known (person_id, profile, profile_version)
VALUES ($1, '{"status": "left", "participations": []}', $2)
ON CONFLICT (person_id) DO UPDATE SET profile = EXCLUDED.profile, availability = NULL, name_words = '{}',
    profile_version = GREATEST(known.profile_version, EXCLUDED.profile_version),
    doc_version = known.doc_version + 1, changed_at = now(), index_problem = NULL
WHERE known.profile_version < EXCLUDED.profile_version OR known.profile IS DISTINCT FROM EXCLUDED.profile
    OR known.availability IS NOT NULL
"""
EMPTY_BLOCKS = "UPDATE block_list SET blocked = '{}' WHERE person_id = $1 AND blocked <> '{}'"
# How many indexes have the tombstone, once all have it.
GONE = """
SELECT (SELECT count(*) FROM index_generation) FROM person
WHERE person_id = $1 AND doc_version = indexed_version AND index_problem IS NULL
"""


def erasures() -> Consumer:
    """The reader of requests to forget somebody."""
    return Consumer("erasures", (ErasureRequestedV1.TOPIC,), take_erasures)


async def take_erasures(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Forget whom to forget."""
    await erasing.take_requests(transaction, deliveries, erase)


async def erase(transaction: Transaction, request: ErasureRequestedV1) -> int:
    """Empty one person's row, whose document follows, and whom they blocked; how many rows were not empty."""
    blocks = await transaction.execute(EMPTY_BLOCKS, request.person_id)
    person = await transaction.execute(EMPTY, request.person_id, request.profile_version)
    return sum(int(done.split()[-1]) for done in (blocks, person))


class Documents:
    """Looks whether somebody's documents are gone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, person_id: UUID) -> int | None:
        """How many indexes have a tombstone in place of the document; None while one has not."""
        async with self._database.connection() as connection:
            count: int | None = await connection.fetchval(GONE, person_id)
        return count
