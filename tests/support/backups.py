"""A database as it was: everything that its tables held at a moment, put back later."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from chassis.database import prepare
from flash_local.databases import DatabaseUrls

TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
"""
UNCHECKED = "SET session_replication_role = replica"  # references hold again when all tables are back


@dataclass
class Backup:
    """What one database held when it was taken."""

    url: str
    tables: list[str] = field(default_factory=list)

    @classmethod
    async def taken(cls, admin_url: str, of: DatabaseUrls) -> "Backup":
        """As of now."""
        parts = urlsplit(admin_url)
        backup = cls(urlunsplit(parts._replace(path=urlsplit(of.app).path)))
        await backup.take()
        return backup

    async def take(self) -> None:
        """As of now, in the place of an earlier one."""
        await self._do(Backup._take)

    async def restore(self) -> None:
        """Everything is as it was then, whatever happened since."""
        await self._do(Backup._put_back)

    async def _take(self, connection: Any) -> None:
        self.tables = [row["relname"] for row in await connection.fetch(TABLES)]
        await connection.execute("DROP SCHEMA IF EXISTS backup CASCADE; CREATE SCHEMA backup")
        for name in self.tables:
            await connection.execute(f"CREATE TABLE backup.{name} AS TABLE public.{name}")

    async def _put_back(self, connection: Any) -> None:
        await connection.execute(UNCHECKED)
        await connection.execute(f"TRUNCATE {', '.join(self.tables)} CASCADE")
        for name in self.tables:
            await connection.execute(f"INSERT INTO {name} OVERRIDING SYSTEM VALUE TABLE backup.{name}")

    async def _do(self, work: Any) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await prepare(connection)
            async with connection.transaction():
                await work(self, connection)
        finally:
            await connection.close()
