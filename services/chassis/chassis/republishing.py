"""Steps 4 and 5 of the data's way, once more for everything: the present whole state goes out with its present version.

For a topic that was lost; a database that was restored needs more, see `restoring.py`. Consumers ignore what they have.
It may be stopped anywhere and run again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from chassis import logs, outbox
from chassis.database import Database, Transaction
from chassis.outbox import Outgoing

log = logs.get(__name__)

NOBODY = UUID(int=0)
TELL_EVERY = 5_000

# Transaction numbers mean nothing in another cluster than the one they are from. Ahead of its own, they would hide
# new events from the relay, or be published for ever: then all that is in the outbox goes out again, once. The cursor
# comes first, so that nothing counts as published meanwhile, and whoever is stopped in between finds the rest again.
FROM_ELSEWHERE = """
SELECT EXISTS (SELECT FROM outbox_cursor WHERE pg_snapshot_xmax(snapshot) > pg_snapshot_xmax(pg_current_snapshot()))
    OR EXISTS (SELECT FROM outbox WHERE xid > pg_snapshot_xmax(pg_current_snapshot()))
"""
NOTHING_PUBLISHED = "UPDATE outbox_cursor SET snapshot = '3:3:', moved_at = now()"
RENUMBER_SOME = """
UPDATE outbox SET xid = pg_current_xact_id() WHERE (slot, id) IN (
    SELECT slot, id FROM outbox WHERE xid > pg_snapshot_xmax(pg_current_snapshot()) LIMIT $1)
"""
RENUMBER_LIMIT = 20_000
"""Far below what a statement may take, however long the outbox is."""

Page = Callable[[Transaction, UUID, int], Awaitable[Sequence[Outgoing]]]
"""The next aggregates after this id, their rows locked in order of id, as events."""


async def republish(database: Database, pages: Mapping[str, Page], limit: int) -> int:
    """Send everything that each of `pages` gives, `limit` in a transaction; 0."""
    async with database.connection() as connection:
        await begin_epoch(connection)
    for name, page in pages.items():
        done, after = 0, NOBODY
        while events := await _send(database, page, after, limit):
            after = events[-1].event.aggregate_id
            if done // TELL_EVERY != (done + len(events)) // TELL_EVERY:
                print(f"{name}: {done + len(events)} so far")  # noqa: T201 - a command's answer
            done += len(events)
        print(f"{name}: {done} sent to the outbox.")  # noqa: T201 - a command's answer
    return 0


async def begin_epoch(connection: Transaction, got_on: Callable[[], None] = lambda: None) -> bool:
    """Make outbox and cursor fit this cluster when they come from another, in parts; True when they did."""
    if not await connection.fetchval(FROM_ELSEWHERE):
        return False
    await connection.execute(NOTHING_PUBLISHED)
    while await connection.execute(RENUMBER_SOME, RENUMBER_LIMIT) != "UPDATE 0":
        got_on()
    log.warning("outbox_epoch_begun")
    return True


async def _send(database: Database, page: Page, after: UUID, limit: int) -> Sequence[Outgoing]:
    async with database.transaction() as transaction:
        events = await page(transaction, after, limit)
        await outbox.append(transaction, events)
    return events
