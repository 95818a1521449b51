"""Step 2 of the write path: whom somebody wants nothing to do with. Nothing here is logged or counted."""

from datetime import UTC, datetime
from uuid import UUID

from chassis import outbox
from chassis.database import Database, Transaction
from chassis.erasing import is_erased
from chassis.problems import Conflict, NotFound, Refused

from session_service import model, store
from session_service.commands.steps import both_locked, save, tell_availability
from session_service.store import Block

BLOCKS_LIMIT = 1_000
LISTS_AT_ONCE = 200
FIRST = UUID(int=0)


async def block(database: Database, by: UUID, person_id: UUID) -> None:
    """Keep the two apart from now on; whoever is blocked is not told. Raises Refused, NotFound, Conflict.

    What is ahead of them ends in the same transaction. Who asks, answers or takes a call has locked the same people
    before they look whether the two may meet: so nothing begins beside a block.
    """
    if person_id == by:
        raise Refused("Nobody can block themselves.", field="person_id")
    async with database.transaction() as transaction:
        for each in sorted((by, person_id)):
            await store.hold_availability(transaction, each)
        members = await store.lock_members(transaction, by, person_id)
        known = await store.lock_blocks(transaction, by)
        if await is_erased(transaction, by) or person_id not in members:
            raise NotFound
        if any(each.person_id == person_id for each in known):
            return
        if len(known) >= BLOCKS_LIMIT:
            raise Conflict(f"You have blocked {BLOCKS_LIMIT} people, which is the most: unblock somebody first.")
        at = datetime.now(UTC)
        await store.add_block(transaction, by, Block(person_id, at))
        await outbox.append(transaction, [await store.block_event(transaction, by)])
        await _end_what_is_ahead(transaction, by, person_id, at)


async def _end_what_is_ahead(transaction: Transaction, by: UUID, person_id: UUID, at: datetime) -> None:
    """End what waits for an answer or is still to take place between two, whose availabilities are locked."""
    found = await store.lock_open_between(transaction, by, person_id)
    ahead = [session for session in found if model.is_ahead(session, at)]
    for session in ahead:
        await save(transaction, model.kept_apart(session, by, at))
    for mentor_id in sorted({session.mentor_id for session in ahead}):
        await tell_availability(transaction, mentor_id, at)


async def keep_apart(database: Database, by: UUID, session_id: UUID) -> None:
    """End what began before one of the two blocked the other, once one of them wants to move it. Raises NotFound.

    Of what has begun the two may still say whether it was held, so a block leaves it alone; another time there is none.
    """
    async with database.transaction() as transaction:
        at, session = await both_locked(transaction, session_id)
        session.side_of(by)
        other = session.other(by)
        if session.state != "accepted" or await store.may_meet(transaction, by, other):
            return
        blocked = {each.person_id for each in await store.blocks_of(transaction, other)}
        await save(transaction, model.kept_apart(session, other if by in blocked else by, at))
        await tell_availability(transaction, session.mentor_id, at)


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
