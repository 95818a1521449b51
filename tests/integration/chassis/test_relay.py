"""From the outbox to Kafka: nothing is lost, nothing that was rolled back gets out, an aggregate's order is kept."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from chassis import trace
from chassis.database import Database
from chassis.kafka import KafkaPublisher, PublishFailed, Record
from chassis.relay import LEADER_LOCK, Relay
from chassis.settings import Settings
from chassis.testing import FakePublisher
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines

from tests.support.aggregates import TOPIC, a_record, an_event, change, envelopes, versions
from tests.support.running import running
from tests.support.topics import Topics
from tests.support.waiting import eventually

AN_HOUR_MS = 3_600_000
CURSOR = "SELECT snapshot::text FROM outbox_cursor"
HOLDER = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Crash(Exception):
    """The process ends here."""


class PublishesThenFails:
    """What it publishes is there; then it says otherwise, as often as `failures` says."""

    def __init__(self, settings: Settings, failures: int, error: Exception) -> None:
        self._kafka = KafkaPublisher(settings)
        self._failures = failures
        self._error = error

    async def publish(self, records: Sequence[Record]) -> None:
        await self._kafka.publish(records)
        if self._failures:
            self._failures -= 1
            raise self._error

    async def close(self) -> None:
        await self._kafka.close()


class HeldPublisher(FakePublisher):
    """Keeps its caller waiting until `released`; `asked` says that it does."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.released = asyncio.Event()

    async def publish(self, records: Sequence[Record]) -> None:
        self.asked.set()
        await self.released.wait()
        await super().publish(records)


def relay(settings: Settings, publisher: Any = None) -> Relay:
    return Relay("test", settings, publisher or KafkaPublisher(settings))


async def commit_change(database: Database, aggregate_id: UUID | None = None) -> UUID:
    aggregate_id = aggregate_id or uuid4()
    async with database.transaction() as transaction:
        await change(transaction, aggregate_id)
    return aggregate_id


def subjects(records: Sequence[Any]) -> list[UUID]:
    return [envelope.subject for envelope in envelopes(records)]


def subjects_sorted(records: Sequence[Any]) -> list[UUID]:
    return sorted(subjects(records))


def first_versions(records: Sequence[Any]) -> dict[UUID, list[int]]:
    """Each aggregate's versions in the order of their first arrival."""
    return {subject: list(dict.fromkeys(numbers)) for subject, numbers in versions(records).items()}


async def arrived(topics: Topics, look: Callable[[Sequence[Any]], Any], expected: object) -> None:
    """The topic comes to hold what is expected, by this way of looking at it."""

    async def it_does() -> bool:
        assert look(await topics.read(TOPIC)) == expected
        return True

    await eventually(it_does, deadline_s=30)


async def write(database: Database, aggregate_ids: list[UUID], seed: int, changes: int = 15) -> None:
    """Change aggregates at random, some twice in one transaction; a third is rolled back."""
    chance = random.Random(seed)
    for _ in range(changes):
        try:
            async with database.transaction() as transaction:
                for _ in range(chance.choice([1, 2])):
                    await change(transaction, chance.choice(aggregate_ids))
                if chance.random() < 0.33:
                    raise Crash
        except (Crash, asyncpg.DeadlockDetectedError):
            continue


async def committed(database: Database) -> dict[UUID, list[int]]:
    """What Kafka must hold: each aggregate's versions from 1 to the present one."""
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT aggregate_id, version FROM aggregate")
    return {row["aggregate_id"]: list(range(1, row["version"] + 1)) for row in rows}


async def test_concurrent_writers_are_published_in_each_aggregates_order_without_what_was_rolled_back(
    settings: Settings, database: Database, topics: Topics
) -> None:
    aggregate_ids = [uuid4() for _ in range(5)]
    async with running(relay(settings), database=database):
        await asyncio.gather(*(write(database, aggregate_ids, seed) for seed in range(8)))
        expected = await committed(database)
        await arrived(topics, versions, expected)


async def test_a_relay_that_dies_between_kafka_and_its_cursor_sends_the_window_again(
    settings: Settings, database: Database, topics: Topics
) -> None:
    changed = [await commit_change(database) for _ in range(5)]
    with pytest.raises(Crash):
        async with running(relay(settings, PublishesThenFails(settings, 1, Crash())), database=database) as stopping:
            await eventually(lambda: topics.read(TOPIC))
    assert stopping.is_set()
    async with running(relay(settings), database=database):
        changed.append(await commit_change(database))
        await arrived(topics, subjects_sorted, sorted(changed[:5] * 2 + changed[5:]))


async def test_failed_acknowledgements_cost_duplicates_and_never_order_or_events(
    settings: Settings, database: Database, topics: Topics
) -> None:
    aggregate_ids = [uuid4() for _ in range(3)]
    publisher = PublishesThenFails(settings, 2, PublishFailed("no answer"))
    async with running(relay(settings, publisher), database=database):
        await asyncio.gather(*(write(database, aggregate_ids, seed) for seed in range(4)))
        expected = await committed(database)
        await arrived(topics, first_versions, expected)


async def test_an_open_transaction_holds_back_only_its_own_events(
    settings: Settings, database: Database, topics: Topics
) -> None:
    slow = uuid4()
    async with running(relay(settings), database=database):
        async with database.transaction() as transaction:
            await change(transaction, slow)
            later = [await commit_change(database) for _ in range(3)]
            await arrived(topics, subjects_sorted, sorted(later))
        later.append(await commit_change(database))
        await arrived(topics, subjects_sorted, sorted([*later, slow]))


async def test_a_transaction_in_another_database_holds_back_nothing(
    settings: Settings, database: Database, topics: Topics, engines: Engines
) -> None:
    elsewhere = await asyncpg.connect(engines.postgres_url)
    try:
        async with running(relay(settings), database=database), elsewhere.transaction():
            await elsewhere.fetchval("SELECT pg_current_xact_id()")
            changed = await commit_change(database)
            await arrived(topics, subjects, [changed])
    finally:
        await elsewhere.close()


async def test_of_two_relays_one_publishes_and_the_other_takes_over_when_it_stops(
    offline: Settings, database: Database
) -> None:
    leader, heir = FakePublisher(), FakePublisher()
    async with running(relay(offline, leader), database=database) as stop_leader:
        changed = [await commit_change(database)]
        await eventually(lambda: leader.records)
        async with running(relay(offline, heir), database=database):
            changed += [await commit_change(database) for _ in range(10)]
            await eventually(lambda: len(leader.records) == 11)
            assert heir.records == []
            stop_leader.set()

            async def heir_publishes() -> bool:
                changed.append(await commit_change(database))
                return bool(heir.records)

            await eventually(heir_publishes)
    assert subjects(leader.records + heir.records) == changed


async def test_a_relay_whose_session_the_database_ends_leads_again_and_loses_nothing(
    offline: Settings, database: Database, chassis_database: DatabaseUrls
) -> None:
    publisher = FakePublisher()
    async with running(relay(offline, publisher), database=database):
        before = await commit_change(database)
        await eventually(lambda: subjects(publisher.records) == [before])
        async with database.connection() as connection:
            leader = await connection.fetchval(HOLDER, LEADER_LOCK)
            assert await connection.fetchval("SELECT pg_terminate_backend($1)", leader)
        after = await commit_change(database)
        await eventually(lambda: after in subjects(publisher.records))
    assert list(dict.fromkeys(subjects(publisher.records))) == [before, after]


async def test_a_deposed_leader_cannot_move_the_cursor(offline: Settings, database: Database) -> None:
    await commit_change(database)
    held, connections = HeldPublisher(), [await database.dedicated() for _ in range(2)]
    try:
        deposed = asyncio.create_task(relay(offline, held).publish_window(connections[0]))
        await held.asked.wait()
        assert await relay(offline, FakePublisher()).publish_window(connections[1]) == 1
        moved = await connections[1].fetchval(CURSOR)
        held.released.set()
        with pytest.raises(asyncpg.SerializationError):
            await deposed
        assert await connections[1].fetchval(CURSOR) == moved
    finally:
        for connection in connections:
            await connection.close()


@pytest.mark.parametrize("page", [4, 5, 50_000], ids=["pages", "pages that are full", "one page"])
async def test_a_window_of_many_chunks_keeps_its_order_and_is_published_once(
    offline: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr("chassis.relay.PAGE_EVENTS", page)
    publisher = FakePublisher()
    in_threes = relay(offline.model_copy(update={"relay_window_records": 3}), publisher)
    changed = [await commit_change(database) for _ in range(10)]
    connection = await database.dedicated()
    try:
        assert await in_threes.publish_window(connection) == 10
        assert await in_threes.publish_window(connection) == 0
    finally:
        await connection.close()
    assert subjects(publisher.records) == changed


async def test_a_commit_of_this_process_wakes_the_relay(offline: Settings, database: Database) -> None:
    publisher = FakePublisher()
    patient = relay(offline.model_copy(update={"relay_poll_interval_ms": AN_HOUR_MS}), publisher)
    async with running(patient, database=database):
        for _ in range(3):
            await commit_change(database)
            await eventually(lambda: publisher.records)
            publisher.records.clear()


async def test_a_relay_that_stops_publishes_first_what_is_committed(offline: Settings, database: Database) -> None:
    publisher, other = FakePublisher(), Database(offline)
    patient = relay(offline.model_copy(update={"relay_poll_interval_ms": AN_HOUR_MS}), publisher)
    await other.open()
    async with running(patient, database=database):
        changed = [await commit_change(database)]
        await eventually(lambda: publisher.records)
        changed.append(await commit_change(other))  # another process: nothing wakes the relay
    await other.close()
    assert subjects(publisher.records) == changed


async def test_a_relay_that_gets_nothing_out_says_so_until_it_does(offline: Settings, database: Database) -> None:
    publisher = FakePublisher(failures=2)
    impatient = relay(offline.model_copy(update={"stalled_after_ms": 0}), publisher)
    async with running(impatient, database=database):
        await commit_change(database)
        assert "nothing published" in str(await eventually(impatient.problem))
        await eventually(lambda: len(publisher.records) == 1)
        await eventually(lambda: impatient.problem() is None)


async def test_a_published_record_says_whose_it_is_and_what_caused_it(
    settings: Settings, database: Database, topics: Topics
) -> None:
    aggregate_id = uuid4()
    with trace.continued(None, "request-1") as cause:
        await commit_change(database, aggregate_id)
    async with running(relay(settings), database=database):
        (record,) = await eventually(lambda: topics.read(TOPIC))
    (envelope,) = envelopes([record])
    assert (record.key, record.value) == (str(aggregate_id).encode(), an_event(aggregate_id).model_dump_json().encode())
    assert (envelope.source, envelope.subject, envelope.aggregate_version) == ("/services/test", aggregate_id, 1)
    assert (trace.trace_id_of(envelope.traceparent), envelope.causation_id) == (cause.trace_id, "request-1")
    assert [name for name, _ in record.headers[:8]] == [name for name, _ in a_record().headers]
