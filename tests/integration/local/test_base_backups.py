"""A base backup taken while somebody writes comes back whole, as of its end at the latest."""

import asyncio

import asyncpg
from flash_local.engines import every
from flash_local.installation import Installation
from flash_local.processes import Process, Program

from tests.support.base_backups import BaseBackup


async def test_a_backup_under_writes_comes_back_as_of_its_time(here: Installation) -> None:
    url = every.addresses(here).postgres_url
    await every.start_postgres(here)
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE kept (n int PRIMARY KEY, filling text)")
    await write(connection, 0, 50)
    writer = await asyncpg.connect(url)
    writing = asyncio.create_task(write(writer, 50, 100_000))
    program = here.supervisor.running["postgres"].program
    backup = await BaseBackup.taken(program, url)
    before = await connection.fetchval("SELECT count(*) FROM kept")
    await connection.execute("CREATE TABLE later (n int)")
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    for open_connection in (connection, writer):
        open_connection.terminate()
    await here.supervisor.stop()
    backup.put_back()
    await check_restored(here, program, url, before)


async def write(connection: "asyncpg.Connection[asyncpg.Record]", first: int, last: int) -> None:
    for number in range(first, last):
        await connection.execute("INSERT INTO kept VALUES ($1, $2)", number, "x" * 1_000)


async def check_restored(here: Installation, program: Program, url: str, before: int) -> None:
    """What is there is whole: every number up to the last, none missing, and nothing that came later."""
    process = await Process.start(program, here.home.logs / "restored.log")
    try:
        await process.wait_ready()
        again = await asyncpg.connect(url)
        count, last = await again.fetchrow("SELECT count(*), max(n) FROM kept") or (0, 0)
        assert 50 <= count <= before
        assert last == count - 1
        assert await again.fetchval("SELECT to_regclass('later')") is None
        await again.close()
    finally:
        await process.stop()
