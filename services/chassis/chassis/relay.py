"""Step 5 of the write path: one relay per outbox publishes committed events in order, and remembers how far.

It reads snapshot windows: every row that the present snapshot sees and the last published one did not. No row can
be skipped by a late commit, as happens with an id cursor, and no foreign long transaction holds it back. Within a
window rows go by id; the aggregate's lock makes id order commit order. The cursor moves only after Kafka acknowledged.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from chassis import failpoints, logs, metrics
from chassis.database import Connection, Database, is_transient
from chassis.envelope import Envelope, to_headers
from chassis.kafka import Publisher, PublishFailed, Record
from chassis.progress import Progress
from chassis.republishing import begin_epoch
from chassis.settings import Settings
from chassis.trace import trace_id_of
from chassis.worker import wait_for_any

log = logs.get(__name__)

LEADER_LOCK = 0x0F1A_5401
STANDBY_INTERVAL_S = 1.0
RETRY_INTERVAL_S = 0.5
SILENT_POLLS_LIMIT = 3
SILENCE_LEAST_MS = 1_000
SILENCE_MARGIN_MS = 5_000
PAGE_EVENTS = 50_000
"""How many of a backlog are sorted at once. A million take 14 s on a busy machine, and a statement has 15 s."""

_UNPUBLISHED = """
    (xid >= (SELECT pg_snapshot_xmax(snapshot) FROM outbox_cursor WHERE name = 'relay')
     OR xid = ANY (ARRAY(SELECT pg_snapshot_xip(snapshot) FROM outbox_cursor WHERE name = 'relay')))
"""
# Not visible in the last published snapshot, said so that the index on xid answers it.
ANYTHING_NEW = f"SELECT EXISTS (SELECT FROM outbox WHERE {_UNPUBLISHED})"  # noqa: S608 - constants only
PAGE = f"""
SELECT count(*), max(id) FROM (SELECT id FROM outbox WHERE {_UNPUBLISHED} AND id > $1 ORDER BY id LIMIT $2) AS page
"""  # noqa: S608 - constants only
EVENTS = f"""
SELECT event_id, type, topic, aggregate_id, aggregate_version, occurred_at, traceparent, causation_id, payload
FROM outbox WHERE {_UNPUBLISHED} AND id > $1 AND id <= $2 ORDER BY id
"""  # noqa: S608 - constants only
MOVE_CURSOR = "UPDATE outbox_cursor SET snapshot = pg_current_snapshot(), moved_at = now() WHERE name = 'relay'"
OLDEST = f"""
SELECT coalesce(extract(epoch FROM now() - min(occurred_at)), 0)::float FROM outbox WHERE {_UNPUBLISHED}
"""  # noqa: S608 - constants only


class Relay:
    """Publishes one service's outbox. Any number may run; the holder of the advisory lock leads."""

    kind = "relay"
    name = "relay"

    def __init__(self, service: str, settings: Settings, publisher: Publisher) -> None:
        self._service = service
        self._settings = settings
        self._publisher = publisher
        self._progress = Progress()

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        """Lead or stand by until `stopping`; then publish once more what is committed."""
        wake = database.commits()
        try:
            while not stopping.is_set():
                await self._lead_or_stand_by(database, stopping, wake)
        finally:
            metrics.RELAY_LEADER.labels(self._service).set(0)
            await self._publisher.close()

    def problem(self) -> str | None:
        """Why it neither leads nor stands by, or leads and nothing gets out, if so."""
        stalled_s = self._progress.stalled_s()
        limit_s = self._settings.stalled_after_ms / 1000
        return f"nothing published for {stalled_s:.0f} s" if stalled_s > limit_s else None

    async def _lead_or_stand_by(self, database: Database, stopping: asyncio.Event, wake: asyncio.Event) -> None:
        self._progress.began()
        try:
            async with _leadership(database, self._settings) as connection:
                if connection is None:
                    self._progress.rested()
                    await wait_for_any(stopping, timeout_s=STANDBY_INTERVAL_S)
                    return
                metrics.RELAY_LEADER.labels(self._service).set(1)
                # The database may have been moved here from another cluster.
                await begin_epoch(connection, self._progress.got_on)
                await self._publish_until(connection, stopping, wake)
        except Exception as error:
            if not (isinstance(error, PublishFailed) or is_transient(error)):
                raise
            await self._failed(error, stopping)

    async def _publish_until(self, connection: Connection, stopping: asyncio.Event, wake: asyncio.Event) -> None:
        poll_s = self._settings.relay_poll_interval_ms / 1000
        while True:
            last_round = stopping.is_set()
            self._progress.began()
            wake.clear()
            if await connection.fetchval(ANYTHING_NEW):
                await self.publish_window(connection)
            self._progress.rested()
            if last_round:
                return
            await wait_for_any(stopping, wake, timeout_s=poll_s)

    async def publish_window(self, connection: Connection) -> int:
        """Publish everything committed since the cursor and move it; the number of events.

        All in one snapshot. If anything fails the cursor stays, and the window goes out again: at least once.
        A deposed leader's move fails as a serialization error.
        """
        published = 0
        async with connection.transaction(isolation="repeatable_read"):
            async for rows in _chunks(connection, self._settings.relay_window_records):
                failpoints.passing("relay.read")
                await self._publisher.publish([self._record(row) for row in rows])
                failpoints.passing("relay.acknowledged")
                self._account(rows)
                published += len(rows)
                self._progress.got_on()
            await connection.execute(MOVE_CURSOR)
            failpoints.passing("relay.moving")
        failpoints.passing("relay.moved")
        return published

    def _record(self, row: asyncpg.Record) -> Record:
        envelope = Envelope(
            event_id=row["event_id"],
            type=row["type"],
            source=f"/services/{self._service}",
            subject=row["aggregate_id"],
            time=row["occurred_at"],
            aggregate_version=row["aggregate_version"],
            traceparent=row["traceparent"],
            causation_id=row["causation_id"],
        )
        return Record(row["topic"], str(row["aggregate_id"]).encode(), row["payload"], to_headers(envelope))

    def _account(self, rows: list[asyncpg.Record]) -> None:
        for topic, count in Counter(row["topic"] for row in rows).items():
            metrics.OUTBOX_PUBLISHED.labels(self._service, topic).inc(count)
        for trace_id, count in Counter(trace_id_of(row["traceparent"]) for row in rows).items():
            log.info("events_published", trace_id=trace_id, events=count)

    async def _failed(self, error: Exception, stopping: asyncio.Event) -> None:
        self._progress.failed()
        metrics.RELAY_LEADER.labels(self._service).set(0)
        metrics.RELAY_ERRORS.labels(self._service).inc()
        log.warning("relay_failed_for_now", error=repr(error))
        await wait_for_any(stopping, timeout_s=RETRY_INTERVAL_S)


@asynccontextmanager
async def _leadership(database: Database, settings: Settings) -> AsyncIterator[Connection | None]:
    """A connection that holds the leader's lock, or None when another process does. Ends with the session.

    The server ends the session of a leader that it hears nothing from, so that another can lead. Amid a window a leader
    is silent for as long as Kafka may take.
    """
    silent_ms = max(settings.stalled_after_ms, settings.relay_poll_interval_ms * SILENT_POLLS_LIMIT, SILENCE_LEAST_MS)
    silent_amid_window_ms = settings.publish_timeout_ms + SILENCE_MARGIN_MS
    connection = await database.dedicated(
        idle_session_timeout=str(silent_ms), idle_in_transaction_session_timeout=str(silent_amid_window_ms)
    )
    try:
        leads = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK)
        yield connection if leads else None
    finally:
        await connection.close(timeout=5)


async def _chunks(connection: Connection, size: int) -> AsyncIterator[list[asyncpg.Record]]:
    """The window by pages, each through a server-side cursor: any backlog in bounded memory, a statement in time."""
    after, more = 0, True
    while more:
        ((found, end),) = await connection.fetch(PAGE, after, PAGE_EVENTS)
        cursor = await connection.cursor(EVENTS, after, end)
        while rows := await cursor.fetch(size):
            yield rows
        after, more = end, found == PAGE_EVENTS
