"""The background half of step 2: passes over many people, which workers make bit by bit.

Every bit is one transaction that also says how far the pass has come, so a killed process continues where it was.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from chassis.database import Database, Transaction
from prometheus_client import Gauge

Pass = TypeVar("Pass")


async def advance_oldest(
    database: Database,
    waiting: Gauge,
    unfinished: Callable[[Transaction], Awaitable[int]],
    oldest: Callable[[Transaction], Awaitable[Pass | None]],
    advance: Callable[[Transaction, Pass], Awaitable[None]],
) -> bool:
    """Make the next bit of the oldest pass that no other process holds; True when there may be more to do."""
    async with database.connection() as connection:
        count = await unfinished(connection)
    waiting.set(count)
    if not count:  # asked without a transaction: its commit would wake this worker for ever
        return False
    async with database.transaction() as transaction:
        found = await oldest(transaction)
        if found is not None:
            await advance(transaction, found)
    return found is not None
