"""Events are rows beside the state they announce, and the tables they go through stay small."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from chassis import metrics, outbox, trace
from chassis.database import Database, Transaction
from chassis.housekeeping import NEXT_SLOT, Housekeeping, truncate_next_partition
from chassis.outbox import MAX_PAYLOAD_BYTES, EventTooLarge, Outgoing
from chassis.relay import Relay
from chassis.settings import Settings
from chassis.testing import FakePublisher

from tests.support.aggregates import TOPIC, an_event, change
from tests.support.running import running
from tests.support.waiting import eventually

TWO_DAYS_OLD = """
INSERT INTO outbox (slot, event_id, type, topic, aggregate_id, aggregate_version, occurred_at, payload)
VALUES ($1, $2, 'flash.skill.changed.v1', $3, $2, 1, now() - interval '2 days', '{}')
"""
EVENTS = "SELECT * FROM outbox ORDER BY id"


async def events(database: Database) -> list[Any]:
    async with database.connection() as connection:
        return list(await connection.fetch(EVENTS))


async def an_event_in_the_next_partition(transaction: Transaction) -> None:
    """As if it were two days old; partitions take turns by the day."""
    await transaction.execute(TWO_DAYS_OLD, await transaction.fetchval(NEXT_SLOT), uuid4(), TOPIC)


async def two_days_ago(database: Database) -> None:
    async with database.transaction() as transaction:
        await an_event_in_the_next_partition(transaction)


async def truncate(database: Database) -> bool:
    async with database.transaction() as transaction:
        return await truncate_next_partition(transaction)


async def publish(offline: Settings, database: Database) -> None:
    connection = await database.dedicated()
    try:
        await Relay("test", offline, FakePublisher()).publish_window(connection)
    finally:
        await connection.close()


async def test_events_are_appended_in_order_with_the_trace_that_caused_them(database: Database) -> None:
    given = [Outgoing(an_event(label=f"Label {number}"), number) for number in range(1, 21)]
    with trace.continued(None, "request-7") as cause:
        async with database.transaction() as transaction:
            await outbox.append(transaction, given)
    rows = await events(database)
    assert [row["aggregate_id"] for row in rows] == [item.event.aggregate_id for item in given]
    assert [row["aggregate_version"] for row in rows] == [item.version for item in given]
    assert [row["payload"] for row in rows] == [item.event.model_dump_json().encode() for item in given]
    assert {(row["topic"], row["causation_id"]) for row in rows} == {(TOPIC, "request-7")}
    assert {trace.trace_id_of(row["traceparent"]) for row in rows} == {cause.trace_id}
    assert len({row["event_id"] for row in rows}) == len(given)


async def test_nothing_to_say_costs_nothing(database: Database) -> None:
    async with database.transaction() as transaction:
        await outbox.append(transaction, [])
        assert await transaction.fetchval("SELECT pg_current_xact_id_if_assigned()") is None


async def say_and_fail(database: Database) -> None:
    async with database.transaction() as transaction:
        await change(transaction, uuid4())
        raise ConnectionError


async def test_what_is_rolled_back_was_never_said(database: Database) -> None:
    with pytest.raises(ConnectionError):
        await say_and_fail(database)
    assert await events(database) == []


async def say_too_much(database: Database) -> None:
    huge = an_event().model_copy(update={"label": "x" * MAX_PAYLOAD_BYTES})
    async with database.transaction() as transaction:
        await change(transaction, uuid4())
        await outbox.append(transaction, [Outgoing(huge, 1)])


async def test_an_event_too_large_for_kafka_is_refused_with_the_command_that_made_it(database: Database) -> None:
    with pytest.raises(EventTooLarge, match=r"flash\.skill\.changed\.v1 of .*: 9\d+ bytes"):
        await say_too_much(database)
    assert await events(database) == []


async def test_a_partition_is_truncated_only_when_all_in_it_is_published(offline: Settings, database: Database) -> None:
    assert not await truncate(database)
    await two_days_ago(database)
    assert not await truncate(database)
    assert len(await events(database)) == 1
    await publish(offline, database)
    async with database.transaction() as transaction:
        await change(transaction, uuid4())  # today's, unpublished
    assert await truncate(database)
    assert len(await events(database)) == 1


async def test_a_partition_somebody_writes_to_is_left_alone(offline: Settings, database: Database) -> None:
    await two_days_ago(database)
    await publish(offline, database)
    async with database.transaction() as writer:
        await an_event_in_the_next_partition(writer)
        async with asyncio.timeout(2):
            assert not await truncate(database)
    assert not await truncate(database)  # the second row is committed now, and not published
    assert len(await events(database)) == 2


async def test_housekeeping_measures_the_oldest_unpublished_event(offline: Settings, database: Database) -> None:
    service, age = f"test-{uuid4()}", metrics.OUTBOX_OLDEST
    keeping = Housekeeping(service, offline, database)

    async def measured() -> float:
        assert not await keeping()
        return float(age.labels(service)._value.get())

    assert await measured() == 0
    async with database.transaction() as transaction:
        await change(transaction, uuid4())
    assert await eventually(measured) > 0
    async with running(Relay("test", offline, publisher := FakePublisher()), database=database):
        await eventually(lambda: publisher.records)
    assert await measured() == 0


async def test_housekeeping_forgets_how_letters_ended_once_they_are_gone(offline: Settings, database: Database) -> None:
    async with database.transaction() as transaction:
        for number, days in enumerate((59, 61)):
            await transaction.execute(
                """INSERT INTO dead_letter_end VALUES
                   ('taker', 'topic', 0, $1, 'dropped', now(), now() - make_interval(days => $2), 'somebody', 'why')""",
                number,
                days,
            )
    await Housekeeping("test", offline, database)()
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT array_agg(record_offset) FROM dead_letter_end") == [0]
