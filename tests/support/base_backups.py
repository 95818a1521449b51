"""A base backup of a running PostgreSQL, by the functions that it has for that: its packaged binaries bring no tool."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from flash_local.processes import Program

LOCKS = ("postmaster.pid", "postmaster.opts")
WAL = "pg_wal"


@dataclass
class BaseBackup:
    """A copy of the cluster's files and of the log that makes them whole, with the owner that they need."""

    cluster: Path
    copy: Path
    owner: tuple[int, int] | None

    @classmethod
    async def taken(cls, program: Program, url: str) -> "BaseBackup":
        """Of the cluster as it works; whatever is committed when this returns may be in it. `url` is a superuser's."""
        cluster = Path(program.argv[list(program.argv).index("-D") + 1])
        backup = cls(cluster, cluster.with_name("backup"), program.user)
        shutil.rmtree(backup.copy, ignore_errors=True)
        connection = await asyncpg.connect(url, timeout=10)
        try:
            await connection.execute("SELECT pg_backup_start('faults', fast => true)")
            await asyncio.to_thread(backup._copy_files)
            label = await connection.fetchval("SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)")
        finally:
            await connection.close()
        (backup.copy / "backup_label").write_text(label)
        await asyncio.to_thread(shutil.copytree, cluster / WAL, backup.copy / WAL, copy_function=_copy)
        return backup

    def put_back(self) -> None:
        """In the place of a cluster that is down; the server makes it whole when it starts."""
        shutil.rmtree(self.cluster)
        self.copy.rename(self.cluster)
        if self.owner:
            for path in (self.cluster, *self.cluster.rglob("*")):
                os.chown(path, *self.owner)

    def _copy_files(self) -> None:
        shutil.copytree(self.cluster, self.copy, ignore=self._left_out, copy_function=_copy)

    def _left_out(self, folder: str, _names: Sequence[str]) -> Sequence[str]:
        return (*LOCKS, WAL) if Path(folder) == self.cluster else ()


def _copy(source: str, target: str) -> None:
    """Files come and go while the server works; the log knows of those that matter."""
    with suppress(FileNotFoundError):
        shutil.copy2(source, target)
