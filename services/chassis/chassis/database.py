"""One pool per process, and the transaction that a command lives in (step 2 of the write path).

Whoever must act after a commit (the relay, a worker) asks for `commits()` and is woken; nobody uses NOTIFY,
which would serialise all commits of the cluster.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from chassis import failpoints, logs
from chassis.settings import Settings

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
    Transaction = Connection | PoolConnectionProxy[asyncpg.Record]
else:  # generic in the stubs only
    Connection = asyncpg.Connection
    Transaction = Connection | PoolConnectionProxy

log = logs.get(__name__)

CLOSE_TIMEOUT_S = 2
KEEPALIVE = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""Within 25 s the server notices that a client's machine is gone, and frees what its session holds."""

TRANSIENT_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.OutdatedSchemaCacheError,
)


def is_transient(error: BaseException) -> bool:
    """Whether this is a failure of the moment, so that the same work may succeed later.

    asyncpg says InterfaceError for a connection that went away, and a subclass that is also a ValueError for an
    argument that no retry makes right. It says InternalClientError, itself and no subclass, for one whose end it has
    read but not yet handled. A migration under a running process makes what a connection remembers of tables wrong;
    asyncpg then forgets it, so that the next attempt is right.
    """
    lost = isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)
    return lost or type(error) is asyncpg.InternalClientError or isinstance(error, TRANSIENT_ERRORS)


class Database:
    """A service's own database. `open()` before use; every limit comes from the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._committed: list[asyncio.Event] = []

    async def open(self) -> None:
        """Connect. Raises OSError or asyncpg.PostgresError when the server cannot be reached."""
        self._pool = await asyncpg.create_pool(
            self._settings.database_url,
            min_size=1,
            max_size=self._settings.database_pool_size,
            init=prepare,
            **self._connecting(),
        )

    async def close(self) -> None:
        """Wait a moment for running work, then disconnect, whether the server answers or not."""
        pool, self._pool = self._pool, None
        if pool:
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await pool.close()
            except TimeoutError:
                log.warning("database_connections_dropped")
                pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One command: committed when the block ends, rolled back when it raises."""
        async with self.connection() as connection, connection.transaction():
            yield connection
            failpoints.passing("transaction.committing")
        failpoints.passing("transaction.committed")
        for event in self._committed:
            event.set()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Transaction]:
        """A connection for reading; each statement stands alone."""
        assert self._pool, "open() comes first"
        async with self._pool.acquire(timeout=self._settings.database_acquire_timeout_ms / 1000) as connection:
            yield connection

    async def dedicated(self, **session_settings: str) -> Connection:
        """A connection of one's own outside the pool, for session locks. The caller closes it."""
        connection: Connection = await asyncpg.connect(
            self._settings.database_url, **self._connecting(session_settings)
        )
        try:
            await prepare(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    def commits(self) -> asyncio.Event:
        """An event that is set after each commit of this process; the waiter clears it."""
        event = asyncio.Event()
        self._committed.append(event)
        return event

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self.connection() as connection:
            await connection.execute("SELECT 1")

    async def ping_anew(self) -> None:
        """Raise when the database does not answer one who has only just come, whatever became of the pool."""
        connection = await self.dedicated()
        await connection.close(timeout=CLOSE_TIMEOUT_S)

    def _connecting(self, session_settings: Mapping[str, str] | None = None) -> dict[str, Any]:
        """How every connection is made: nothing on it waits for ever, on either side."""
        return {
            "timeout": self._settings.database_connect_timeout_ms / 1000,
            "command_timeout": self._settings.database_command_timeout_ms / 1000,
            "server_settings": self.session_settings() | KEEPALIVE | dict(session_settings or {}),
        }

    def session_settings(self) -> dict[str, str]:
        """The timeouts that bound every session; they also bound how long a snapshot can be held."""
        return {
            "statement_timeout": str(self._settings.statement_timeout_ms),
            "lock_timeout": str(self._settings.lock_timeout_ms),
            "idle_in_transaction_session_timeout": str(self._settings.idle_in_transaction_timeout_ms),
        }


async def prepare(connection: Any) -> None:
    """Teach a connection to take and give Python values for jsonb."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_to_json, decoder=orjson.loads, format="text")


def _to_json(value: object) -> str:
    return orjson.dumps(value, default=_id_to_json).decode()


def _id_to_json(value: object) -> str:
    """Ids read from the database are a subclass of UUID, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
