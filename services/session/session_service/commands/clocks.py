"""Step 2 of the write path: what happens by itself when the rules of a time zone change."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database

from session_service import model, store
from session_service.commands.steps import locked, save

NOWHERE = UUID(int=0)


class WallClocks:
    """Goes over all agreed sessions that are to come; those whose time on the clock means another moment now, move."""

    def __init__(self, database: Database, limit: int) -> None:
        self._database = database
        self._limit = limit
        self._after: tuple[datetime, UUID] | None = None

    async def __call__(self) -> bool:
        """The next of them, a bounded number at once; True when there may be more."""
        async with self._database.connection() as connection:
            after = self._after or (datetime.now(UTC), NOWHERE)
            found = await store.upcoming_sessions(connection, after, self._limit)
        for session in found:
            if model.clocks_changed(session).events:
                await self._follow(session.session_id)
        last = found[-1] if len(found) == self._limit else None
        self._after = (last.starts_at, last.session_id) if last and last.starts_at else None
        return last is not None

    async def _follow(self, session_id: UUID) -> None:
        async with self._database.transaction() as transaction:
            session = await locked(transaction, session_id)
            if session.state == "accepted":  # not given up in the last moment
                await save(transaction, model.clocks_changed(session))
