"""What the driver says of a connection that the server ended, at the moments that a process can meet it."""

import asyncio

import asyncpg
import pytest
from chassis.database import Connection, Database, is_transient

TURNS_OF_THE_LOOP = 6


async def end(database: Database, connection: Connection) -> None:
    """The server has ended the session; what it said waits to be read."""
    async with database.connection() as other:
        assert await other.fetchval("SELECT pg_terminate_backend($1, 5000)", connection.get_server_pid())


@pytest.mark.parametrize("turns", range(TURNS_OF_THE_LOOP))
async def test_a_connection_that_the_server_ended_counts_as_lost_at_every_moment_of_its_end(
    database: Database, turns: int
) -> None:
    connection = await database.dedicated()
    transport = connection._transport  # type: ignore[attr-defined] # the only way to hold its end back
    transport.pause_reading()
    await end(database, connection)
    transport.resume_reading()
    for _ in range(turns):
        await asyncio.sleep(0)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)) as raised:
        await connection.fetchval("SELECT 1")
    assert is_transient(raised.value), repr(raised.value)
