"""Statements of a rebuild: who is to be in the index that is being built, and who is not sent or refused."""

from uuid import UUID

from chassis.database import Transaction

# Below zero: not sent since everybody was to be sent again.
UNSENT = "SELECT count(*) FROM person WHERE indexed_version < 0 AND index_problem IS NULL"
VERSIONS = "SELECT person_id, doc_version FROM person WHERE person_id > $1 AND {} ORDER BY person_id LIMIT $2"
SETTLED = VERSIONS.format("doc_version = indexed_version AND index_problem IS NULL")
REFUSED = VERSIONS.format("index_problem IS NOT NULL")


async def unsent(transaction: Transaction) -> int:
    """How many people are still to be sent to the index that is being built."""
    count: int = await transaction.fetchval(UNSENT)
    return count


async def settled(transaction: Transaction, after: UUID, limit: int) -> dict[UUID, int]:
    """Document versions that every index should hold, in order of person."""
    return {row["person_id"]: row["doc_version"] for row in await transaction.fetch(SETTLED, after, limit)}


async def refused(transaction: Transaction, after: UUID, limit: int) -> dict[UUID, int]:
    """Document versions that at least one index refuses, in order of person."""
    return {row["person_id"]: row["doc_version"] for row in await transaction.fetch(REFUSED, after, limit)}
