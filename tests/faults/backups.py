"""A base backup of the running PostgreSQL by its own functions, and what its restore makes of the callers' ledger."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from tests.faults.ledger import Employee, Ledger, Organisation
from tests.faults.system import System

LOCKS = ("postmaster.pid", "postmaster.opts")
WAL = "pg_wal"


@dataclass
class BaseBackup:
    """A copy of the cluster's files and of the log that makes them whole, with the owner that they need."""

    cluster: Path
    copy: Path
    owner: tuple[int, int] | None

    @classmethod
    async def taken(cls, system: System) -> "BaseBackup":
        """Of the cluster as it works; whatever is committed when this returns may be in it."""
        program = system.process("postgres").program
        cluster = Path(program.argv[list(program.argv).index("-D") + 1])
        backup = cls(cluster, cluster.with_name("backup"), program.user)
        shutil.rmtree(backup.copy, ignore_errors=True)
        connection = await asyncpg.connect(f"{system.engine_url('postgres')}/postgres", timeout=10)
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


@dataclass
class Certain:
    """What callers had been promised before a backup began: that must be in it."""

    ledger: Ledger
    organisation: Organisation
    possible: dict[str, set[Employee]]
    pushes: int
    messages: set[UUID]
    asked: set[str]

    @classmethod
    def now(cls, ledger: Ledger, organisation: Organisation) -> "Certain":
        """Whatever is answered by now. A push that is on its way is not."""
        pushes = len(ledger.pushes)
        under_way = bool(pushes) and ledger.pushes[-1].outcome == "unknown"
        return cls(
            ledger,
            organisation,
            dict(organisation.possible),
            pushes - under_way,
            {key for key, sent in ledger.messages.items() if sent.outcome == "answered"},
            {key for key, asked in ledger.asked.items() if asked.outcome == "answered"},
        )

    def all_else_is_unknown(self) -> set[UUID]:
        """Of everything answered since nobody knows whether it is there; the ids of those messages and sessions."""
        self.organisation.possible = dict(self.possible)
        for push in self.ledger.pushes[self.pushes :]:
            push.outcome = "unknown" if push.outcome == "answered" else push.outcome
            push.certain.clear()
            self.organisation.note(push)
        return {*self._messages(), *self._sessions()}

    def _messages(self) -> list[UUID]:
        late = [k for k, s in self.ledger.messages.items() if s.outcome == "answered" and k not in self.messages]
        for message_id in late:
            self.ledger.messages[message_id].outcome = "unknown"
        return late

    def _sessions(self) -> list[UUID]:
        late = [a for k, a in self.ledger.asked.items() if a.outcome == "answered" and k not in self.asked]
        session_ids = [asked.session_id for asked in late if asked.session_id]
        for asked in late:
            asked.outcome, asked.session_id = "unknown", None
        return session_ids
