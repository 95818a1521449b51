"""Statements about whom people blocked. Step 4 of the write path."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Transaction
from chassis.outbox import Outgoing
from flash_schemas.session import BlockChangedV1

# Microseconds since 1970, so that a list is newer than what was said of it before a backup came back: nobody but search
# may read the topic to find out.
NEXT_VERSION = """
UPDATE block_list SET version = GREATEST(version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
WHERE person_id = $1 RETURNING version
"""
NEXT_LISTS = """
SELECT person_id FROM block_list WHERE person_id > $1 AND version > 0 ORDER BY person_id LIMIT $2 FOR UPDATE
"""


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody whom a person blocked, and since when."""

    person_id: UUID
    blocked_at: datetime


async def lock_blocks(transaction: Transaction, blocker_id: UUID) -> list[Block]:
    """A person's list, which nobody else changes until this transaction ends."""
    await transaction.execute("INSERT INTO block_list (person_id) VALUES ($1) ON CONFLICT DO NOTHING", blocker_id)
    await transaction.execute("SELECT FROM block_list WHERE person_id = $1 FOR UPDATE", blocker_id)
    return await blocks_of(transaction, blocker_id)


async def blocks_of(transaction: Transaction, blocker_id: UUID) -> list[Block]:
    """Whom a person blocked, newest first."""
    query = """SELECT blocked_id AS person_id, blocked_at FROM block WHERE blocker_id = $1
               ORDER BY blocked_at DESC, blocked_id"""
    return [Block(**row) for row in await transaction.fetch(query, blocker_id)]


async def add_block(transaction: Transaction, blocker_id: UUID, block: Block) -> None:
    """Add somebody to a locked list."""
    query = "INSERT INTO block (blocker_id, blocked_id, blocked_at) VALUES ($1, $2, $3)"
    await transaction.execute(query, blocker_id, block.person_id, block.blocked_at)


async def remove_blocks(transaction: Transaction, blocker_id: UUID, *blocked_ids: UUID) -> int:
    """Take people off a locked list; how many."""
    query = "DELETE FROM block WHERE blocker_id = $1 AND blocked_id = ANY ($2)"
    return int((await transaction.execute(query, blocker_id, blocked_ids)).split()[-1])


async def next_block_lists(transaction: Transaction, after: UUID, limit: int) -> list[UUID]:
    """Whose lists come next in order of id, theirs locked."""
    return [row["person_id"] for row in await transaction.fetch(NEXT_LISTS, after, limit)]


async def block_event(transaction: Transaction, blocker_id: UUID) -> Outgoing:
    """What search is told of a locked list, with its next version."""
    version = await transaction.fetchval(NEXT_VERSION, blocker_id)
    blocked = tuple(sorted(block.person_id for block in await blocks_of(transaction, blocker_id)))
    return Outgoing(BlockChangedV1(person_id=blocker_id, blocked=blocked), version)
