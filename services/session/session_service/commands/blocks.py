"""Step 2 of the write path: whom somebody wants nothing to do with. Nothing here is logged or counted."""

from datetime import UTC, datetime
from uuid import UUID

from chassis import outbox
from chassis.database import Database
from chassis.erasing import is_erased
from chassis.problems import Conflict, NotFound, Refused

from session_service import store
from session_service.store import Block

BLOCKS_LIMIT = 1_000
LISTS_AT_ONCE = 200
FIRST = UUID(int=0)


async def block(database: Database, by: UUID, person_id: UUID) -> None:
    """Keep the two apart from now on; whoever is blocked is not told. Raises Refused, NotFound, Conflict."""
    if person_id == by:
        raise Refused("Nobody can block themselves.", field="person_id")
    async with database.transaction() as transaction:
        known = await store.lock_blocks(transaction, by)
        if await is_erased(transaction, by) or await store.member(transaction, person_id) is None:
            raise NotFound
        if any(each.person_id == person_id for each in known):
            return
        if len(known) >= BLOCKS_LIMIT:
            raise Conflict(f"You have blocked {BLOCKS_LIMIT} people, which is the most: unblock somebody first.")
        await store.add_block(transaction, by, Block(person_id, datetime.now(UTC)))
        await outbox.append(transaction, [await store.block_event(transaction, by)])


async def unblock(database: Database, by: UUID, person_id: UUID) -> None:
    """Let the two find each other again, unless the other blocked, too. Raises NotFound when there is no block."""
    async with database.transaction() as transaction:
        await store.lock_blocks(transaction, by)
        if not await store.remove_blocks(transaction, by, person_id):
            raise NotFound
        await outbox.append(transaction, [await store.block_event(transaction, by)])


async def say_blocks_again(database: Database) -> None:
    """Tell search every list once more, as a newer one: for a topic that was lost, or a database that was restored."""
    after = FIRST
    while True:
        async with database.transaction() as transaction:
            people = await store.next_block_lists(transaction, after, LISTS_AT_ONCE)
            await outbox.append(transaction, [await store.block_event(transaction, person) for person in people])
        if not people:
            return
        after = people[-1]
