"""A database that was moved to another cluster brings an outbox whose transaction numbers mean nothing there."""

from uuid import uuid4

import pytest
from chassis import republishing
from chassis.database import Database
from chassis.housekeeping import NEXT_SLOT, truncate_next_partition
from chassis.relay import ANYTHING_NEW, Relay
from chassis.republishing import begin_epoch
from chassis.settings import Settings
from chassis.testing import FakePublisher

from tests.support.aggregates import TOPIC, change, envelopes, versions
from tests.support.running import running
from tests.support.waiting import eventually

CURSOR_OF_ANOTHER = "UPDATE outbox_cursor SET snapshot = '2000000000:2000000000:'"
ROWS_OF_ANOTHER = "UPDATE outbox SET xid = ((xid::text::bigint) + 1000000000)::text::xid8"
AHEAD = "SELECT count(*) FROM outbox WHERE xid > pg_snapshot_xmax(pg_current_snapshot())"
UNPUBLISHED = "SELECT count(*) FROM outbox, outbox_cursor WHERE NOT pg_visible_in_snapshot(xid, snapshot)"
IN_THE_NEXT_PARTITION = """
INSERT INTO outbox (slot, event_id, type, topic, aggregate_id, aggregate_version, occurred_at, payload)
VALUES ($1, $2, 'flash.skill.changed.v1', $3, $2, 1, now() - interval '2 days', '{}')
"""


async def moved(database: Database, trace: str) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(trace)


async def nothing_new(database: Database) -> bool:
    async with database.connection() as connection:
        return not await connection.fetchval(ANYTHING_NEW)


async def truncate(database: Database) -> bool:
    async with database.transaction() as transaction:
        return await truncate_next_partition(transaction)


@pytest.mark.parametrize("trace", [CURSOR_OF_ANOTHER, ROWS_OF_ANOTHER])
async def test_a_relay_publishes_once_what_a_moved_outbox_holds_and_then_what_is_new(
    offline: Settings, database: Database, trace: str
) -> None:
    aggregate_id, publisher = uuid4(), FakePublisher()
    for _ in range(3):
        async with database.transaction() as transaction:
            await change(transaction, aggregate_id)
    await moved(database, trace)
    async with running(Relay("test", offline, publisher), database=database):
        await eventually(lambda: len(publisher.records) == 3)
        await eventually(lambda: nothing_new(database))
        async with database.transaction() as transaction:
            await change(transaction, aggregate_id)
        await eventually(lambda: len(publisher.records) == 4)
    assert versions(publisher.records) == {aggregate_id: [1, 2, 3, 4]}


async def test_housekeeping_truncates_nothing_of_a_moved_outbox_before_it_is_published(
    offline: Settings, database: Database
) -> None:
    async with database.transaction() as transaction:
        slot, event_id = await transaction.fetchval(NEXT_SLOT), uuid4()
        await transaction.execute(IN_THE_NEXT_PARTITION, slot, event_id, TOPIC)
    await moved(database, CURSOR_OF_ANOTHER)
    assert not await truncate(database)
    async with running(Relay("test", offline, publisher := FakePublisher()), database=database):
        await eventually(lambda: publisher.records)
    assert [envelope.event_id for envelope in envelopes(publisher.records)] == [event_id]
    assert await truncate(database)


async def test_an_epoch_begins_in_parts_and_goes_on_where_it_was_stopped(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the outbox is, no statement takes longer than it may; until the end nothing counts as published."""
    monkeypatch.setattr(republishing, "RENUMBER_LIMIT", 2)
    for _ in range(5):
        async with database.transaction() as transaction:
            await change(transaction, uuid4())
    await moved(database, ROWS_OF_ANOTHER)
    await moved(database, CURSOR_OF_ANOTHER)

    def stop() -> None:
        raise RuntimeError

    async with database.connection() as connection:
        with pytest.raises(RuntimeError):
            await begin_epoch(connection, stop)
        assert await connection.fetchval(AHEAD) == 3
        assert await connection.fetchval(UNPUBLISHED) == 5
        parts: list[None] = []
        assert await begin_epoch(connection, lambda: parts.append(None))
        assert len(parts) == 2
        assert (await connection.fetchval(AHEAD), await connection.fetchval(UNPUBLISHED)) == (0, 5)
        assert not await begin_epoch(connection)
