"""What keeps the chassis' own tables small, and its outbox's age and the last reconciliation known."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from chassis import idempotency, letters, logs, metrics, reconciliation
from chassis.database import Database, Transaction
from chassis.relay import OLDEST
from chassis.republishing import FROM_ELSEWHERE
from chassis.settings import Settings

log = logs.get(__name__)

NEXT_SLOT = "SELECT ((extract(epoch FROM now())::bigint / 86400 + 1) % 3)::int"


class Housekeeping:
    """One round: measure the outbox, truncate the partition that is next, forget expired keys and old letters' ends."""

    def __init__(self, service: str, settings: Settings, database: Database) -> None:
        self._service = service
        self._settings = settings
        self._database = database

    async def __call__(self) -> bool:
        """Do one round; True when expired keys are left."""
        async with self._database.connection() as connection:
            metrics.OUTBOX_OLDEST.labels(self._service).set(await connection.fetchval(OLDEST))
            self._show(await reconciliation.last(connection))
        async with self._database.transaction() as transaction:
            await truncate_next_partition(transaction)
        async with self._database.transaction() as transaction:
            await letters.forget_ends(transaction)
            return await idempotency.forget_expired(transaction, self._settings.idempotency_keep_hours)

    def _show(self, findings: Sequence[tuple[str, datetime, int]]) -> None:
        """The last run's findings and no others: what it did not compare has no series any more."""
        metrics.RECONCILED.clear()
        metrics.RECONCILE_DIFFERENCES.clear()
        for name, ran_at, differing in findings:
            metrics.RECONCILED.labels(self._service, name).set(ran_at.timestamp())
            metrics.RECONCILE_DIFFERENCES.labels(self._service, name).set(differing)


async def truncate_next_partition(transaction: Transaction) -> bool:
    """Empty the partition that tomorrow's events go to, if all in it is published; True when rows were dropped.

    Refuses while anything in it is unpublished: then the outbox grows, and its age alert says why. Nobody can tell what
    is before the relay has made an outbox from another cluster fit this one.
    """
    slot = await transaction.fetchval(NEXT_SLOT)
    partition = f"outbox_{slot}"
    if not await transaction.fetchval(f"SELECT EXISTS (SELECT FROM {partition})"):  # noqa: S608 - a name of three
        return False
    try:
        # The lock comes first: an insert that began before is then seen, one that comes after waits.
        await transaction.execute(f"LOCK TABLE {partition} IN ACCESS EXCLUSIVE MODE NOWAIT")
    except asyncpg.LockNotAvailableError:
        return False
    if reason := await _kept_because(transaction, partition):
        log.error("outbox_partition_kept", partition=partition, reason=reason)
        return False
    await transaction.execute(f"TRUNCATE {partition}")
    return True


async def _kept_because(transaction: Transaction, partition: str) -> str | None:
    if await transaction.fetchval(FROM_ELSEWHERE):
        return "its transaction numbers are those of another cluster"
    unpublished = await transaction.fetchval(
        f"""SELECT EXISTS (SELECT FROM {partition}, outbox_cursor
            WHERE NOT pg_visible_in_snapshot(xid, snapshot))"""  # noqa: S608 - a name of three
    )
    return "it holds unpublished events" if unpublished else None
