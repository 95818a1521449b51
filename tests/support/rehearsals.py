"""A service's database that can be tried: whatever a request does in a rehearsal is undone when that ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.database import Database, Transaction


class RehearsalDatabase(Database):
    """Outside a rehearsal a database like any other; within one everything runs in one transaction, rolled back."""

    _stage: Transaction | None = None

    @asynccontextmanager
    async def rehearsal(self) -> AsyncIterator[None]:
        """What is written meanwhile, also by committed commands, is gone afterwards. One request at a time."""
        async with super().connection() as connection:
            all_of_it = connection.transaction()
            await all_of_it.start()
            self._stage = connection
            try:
                yield
            finally:
                self._stage = None
                await all_of_it.rollback()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Transaction]:
        """The rehearsal's own connection while there is one; a command's transaction is a savepoint in it."""
        if self._stage is not None:
            yield self._stage
        else:
            async with super().connection() as connection:
                yield connection
