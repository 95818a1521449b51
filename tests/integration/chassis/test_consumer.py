"""From Kafka to a handler: every event has its effect once, and one that cannot have it stops no other."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import TopicPartition
from chassis.consumer import Consumer, Delivery, Handler, Poison, PositionLost, Positions
from chassis.consuming import ConsumerComponent
from chassis.database import Database, Transaction
from chassis.kafka import KafkaPublisher, Record
from chassis.settings import Settings
from chassis.testing import FakePublisher
from flash_schemas.profile import ProgramChangedV1

from tests.support.aggregates import TOPIC, a_record, an_event
from tests.support.running import running
from tests.support.topics import Topics
from tests.support.waiting import eventually

DEAD_LETTERS = "skill-events-dlq"
HANDLE = "INSERT INTO handled (event_id, subject, version) VALUES ($1, $2, $3)"
HANDLED = "SELECT event_id, subject, version FROM handled ORDER BY position"
POSITIONS = "SELECT topic, partition, next_offset FROM consumer_offset WHERE consumer = 'taker'"
SAME_TRANSACTION = """
SELECT handled.xmin::text = position.xmin::text FROM consumer_offset AS position, handled
WHERE position.next_offset = $1 ORDER BY handled.position DESC LIMIT 1
"""


async def take(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """The plainest handler: an effect for each event, twice if it comes twice."""
    for delivery in deliveries:
        envelope = delivery.envelope
        await transaction.execute(HANDLE, envelope.event_id, envelope.subject, envelope.aggregate_version)


@dataclass
class Kit:
    """What a test of consumers has at hand: their database, their topics and what they wrote."""

    settings: Settings
    database: Database
    topics: Topics
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)
    held: list["Held"] = field(default_factory=list)

    def component(
        self, handle: Handler = take, *, service: str = "test", publisher: Any = None, **settings: Any
    ) -> ConsumerComponent:
        """The consumer `taker` of the service; another service's is in another consumer group."""
        own = self.settings.model_copy(update=settings)
        consumer = Consumer("taker", (TOPIC,), handle)
        return ConsumerComponent(service, own, consumer, publisher or KafkaPublisher(own))

    async def start(self, component: ConsumerComponent) -> asyncio.Event:
        """Let it run until the test ends or the event is set."""
        stopping = await self.exits.enter_async_context(running(component, database=self.database))
        self.exits.callback(self._release)  # a failed test must end, too
        return stopping

    def _release(self) -> None:
        for held in self.held:
            held.released.set()

    def holding(self) -> "Held":
        """A handler that waits until it is released, at the latest when the test ends."""
        self.held.append(Held())
        return self.held[-1]

    async def send(self, count: int, subject: UUID | None = None) -> list[UUID]:
        """Events that are well, all of one aggregate (and so of one partition) if named; their ids."""
        records = [a_record(an_event(subject), version=number) for number in range(1, count + 1)]
        await self.topics.send(*records)
        return [event_id(record) for record in records]

    async def handled(self) -> list[UUID]:
        """The ids of the events that had their effect, in order."""
        async with self.database.connection() as connection:
            return [row["event_id"] for row in await connection.fetch(HANDLED)]

    async def all_handled(self, expected: Sequence[UUID]) -> None:
        """Wait until exactly these have had their effect, in whatever order across partitions."""

        async def they_are() -> bool:
            assert Counter(await self.handled()) == Counter(expected)
            return True

        await eventually(they_are)

    async def parked(self) -> list[Any]:
        """The dead letters."""
        return await self.topics.read(DEAD_LETTERS)

    async def positions(self) -> dict[int, int]:
        """The stored next offset of each partition."""
        async with self.database.connection() as connection:
            return {row["partition"]: row["next_offset"] for row in await connection.fetch(POSITIONS)}


@pytest.fixture
async def kit(settings: Settings, database: Database, topics: Topics) -> Any:
    kit = Kit(settings, database, topics)
    async with kit.exits:
        yield kit


def event_id(record: Any) -> UUID:
    return UUID(header(record, "ce_id"))


def header(record: Any, name: str) -> str:
    return str(next(value for key, value in record.headers if key == name), "utf-8")


def refusing(refused: Callable[[Delivery], bool], error: Exception) -> Handler:
    """A handler that fails for some events, always."""

    async def handle(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        await take(transaction, deliveries)
        if any(map(refused, deliveries)):
            raise error

    return handle


class FailsAtFirst:
    """A handler that fails after its work as often as told."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.left = failures
        self.error = error

    async def __call__(self, transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        await take(transaction, deliveries)
        if self.left:
            self.left -= 1
            raise self.error


class Held:
    """A handler that waits at an event until `released`; `asked` says that it does."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.released = asyncio.Event()

    def hold(self) -> None:
        """Wait at the next event."""
        self.asked.clear()
        self.released.clear()

    async def __call__(self, transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        self.asked.set()
        await self.released.wait()
        await take(transaction, deliveries)


async def test_every_event_has_its_effect_once_and_in_its_aggregates_order(kit: Kit) -> None:
    one, other = uuid4(), uuid4()
    first = await kit.send(20, one)
    await kit.start(kit.component(consumer_batch_records=7))
    others = await kit.send(20, other)
    await kit.all_handled(first + others)
    in_order = await kit.handled()
    assert [found for found in in_order if found in first] == first
    assert [found for found in in_order if found in others] == others
    assert await kit.parked() == []


async def test_the_position_moves_in_the_transaction_of_the_effect(kit: Kit) -> None:
    await kit.start(kit.component())
    sent = await kit.send(3, uuid4())
    await kit.all_handled(sent)
    assert list((await kit.positions()).values()) == [3]
    async with kit.database.connection() as connection:
        assert await connection.fetchval(SAME_TRANSACTION, 3)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("secret of Ada"), "handler failed: ValueError"),
        (asyncpg.UniqueViolationError("Key (name)=(Ada)"), "handler failed: UniqueViolationError"),
        (Poison("no such program"), "refused: no such program"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_an_event_that_can_never_be_handled_is_parked_and_its_neighbours_are_done(
    kit: Kit, error: Exception, reason: str
) -> None:
    records = [a_record(an_event(subject), number) for subject in (uuid4(), uuid4()) for number in range(1, 9)]
    bad = records[5]
    await kit.topics.send(*records)
    handler = refusing(lambda delivery: delivery.envelope.event_id == event_id(bad), error)
    await kit.start(kit.component(handler))
    await kit.all_handled([event_id(record) for record in records if record is not bad])
    (letter,) = await kit.parked()
    assert (letter.key, letter.value) == (bad.key, bad.value)
    assert list(letter.headers[: len(bad.headers)]) == list(bad.headers)
    assert header(letter, "dlq_reason") == reason
    assert header(letter, "dlq_consumer") == "taker"
    assert header(letter, "dlq_topic") == TOPIC
    (where,) = [record for record in await kit.topics.read(TOPIC) if event_id(record) == event_id(bad)]
    assert header(letter, "dlq_partition") == str(where.partition)
    assert header(letter, "dlq_offset") == str(where.offset)


def malformed() -> list[tuple[str, Record]]:
    """Records of every bad quality, with what is said of each when it is parked."""
    good = a_record()
    without_id = [(name, value) for name, value in good.headers if name != "ce_id"]
    with_null: Any = [*without_id, ("ce_id", None)]
    return [
        ("payload: json_invalid", replace(good, value=b'{"skill_id": ')),
        ("payload: json_invalid", replace(good, value=b"[" * 10_000)),
        ("payload: json_invalid", replace(good, value=None)),
        ("payload: model_type", replace(good, value=b"NaN")),
        ("payload: skill_id missing", replace(good, value=b'{"change": "edited", "label": "x"}')),
        ("payload: label string_too_long", a_record(an_event().model_copy(update={"label": "K" * 300}))),
        ("unknown event type", a_record(type="flash.unheard.of.v9")),
        ("event type of another topic", a_record(type=ProgramChangedV1.TYPE)),
        ("the subject is not the payload's aggregate", a_record(subject=uuid4())),
        ("envelope: header ce_id is missing", replace(good, headers=[])),
        ("envelope: header ce_id is missing", replace(good, headers=without_id)),
        ("envelope: header ce_id is malformed", replace(good, headers=with_null)),
        ("envelope: header ce_time is malformed", replace(good, headers=[*good.headers, ("ce_time", b"\xff\xfe")])),
    ]


def as_it_came(reason: str, record: Any) -> tuple[Any, ...]:
    """What is parked must keep; what parking adds is left out."""
    return reason, record.key, record.value, *(item for item in record.headers if not item[0].startswith("dlq_"))


async def test_what_is_no_event_is_parked_as_it_came_and_its_neighbours_are_done(kit: Kit) -> None:
    bad = malformed()
    first = await kit.send(3)
    await kit.topics.send(*(record for _, record in bad))
    await kit.start(kit.component())
    last = await kit.send(3)
    await kit.all_handled(first + last)
    found = Counter(as_it_came(header(letter, "dlq_reason"), letter) for letter in await kit.parked())
    assert found == Counter(as_it_came(reason, record) for reason, record in bad)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.SerializationError("serialization"),
        ConnectionError("gone"),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_failure_of_the_moment_is_retried_until_it_is_over_and_parks_nothing(
    kit: Kit, error: Exception
) -> None:
    handler = FailsAtFirst(4, error)
    sent = await kit.send(5)
    await kit.start(kit.component(handler))
    await kit.all_handled(sent)
    assert handler.left == 0
    assert await kit.parked() == []


async def test_a_lost_database_session_is_survived(kit: Kit) -> None:
    async def ends_its_session(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        await take(transaction, deliveries)
        if not ended:
            ended.append(await transaction.fetchval("SELECT pg_backend_pid()"))
            await transaction.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    ended: list[int] = []
    sent = await kit.send(5)
    await kit.start(kit.component(ends_its_session))
    await kit.all_handled(sent)
    assert len(ended) == 1
    assert await kit.parked() == []


async def test_of_two_that_read_the_same_partitions_each_event_is_handled_by_one(kit: Kit) -> None:
    for service in ("one", "two"):  # in groups of their own, so that Kafka keeps them apart no more
        await kit.start(kit.component(service=service, consumer_batch_records=5))
    sent = [sent for _ in range(10) for sent in await kit.send(20)]
    await kit.all_handled(sent)
    assert await kit.parked() == []


async def test_who_was_overtaken_while_at_work_writes_nothing(kit: Kit) -> None:
    held = kit.holding()
    sent = await kit.send(5, uuid4())
    await kit.start(kit.component(held, service="overtaken"))
    await held.asked.wait()
    stop = await kit.start(kit.component(service="owner"))
    await kit.all_handled(sent)
    stop.set()
    held.released.set()
    sent += await kit.send(1)
    await kit.all_handled(sent)
    assert await kit.parked() == []


async def test_a_rebalance_while_a_batch_is_at_work_parks_nothing_and_repeats_nothing(kit: Kit) -> None:
    held = kit.holding()
    sent = await kit.send(5, uuid4())
    component = kit.component(held)
    await kit.start(component)
    await held.asked.wait()
    await component.on_partitions_revoked([])
    held.released.set()
    await kit.all_handled(sent)
    assert await kit.parked() == []


async def test_a_group_that_grows_and_shrinks_under_load_handles_everything_once(kit: Kit) -> None:
    await kit.start(kit.component(consumer_batch_records=5))
    sent = await kit.send(50)
    for _ in range(3):
        joined = await kit.start(kit.component(consumer_batch_records=5))
        sent += await kit.send(50)
        await kit.all_handled(sent)
        joined.set()
    sent += await kit.send(50)
    await kit.all_handled(sent)
    assert await kit.parked() == []


async def test_a_first_position_never_overwrites_one_that_another_has_moved(kit: Kit) -> None:
    place = TopicPartition("anything", 0)
    slow, fast = Positions("taker"), Positions("taker")
    async with kit.database.transaction() as transaction:
        assert await slow.load(transaction, place) is None
        await fast.reset(transaction, place, 0, stored=None)
        fast.believe({place: 0})
        await fast.move(transaction, {place: 10})
    with pytest.raises(PositionLost):
        async with kit.database.transaction() as transaction:
            await slow.reset(transaction, place, 0, stored=None)
    assert await kit.positions() == {0: 10}


async def test_too_many_dead_letters_halt_the_consumer_and_a_restart_after_the_mend_loses_nothing(kit: Kit) -> None:
    sent = await kit.send(12, uuid4())
    broken = kit.component(refusing(lambda _: True, ValueError()), dead_letters_consecutive_limit=5)
    stop = await kit.start(broken)
    assert f"too many dead letters from {TOPIC}" in str(await eventually(lambda: broken.halted))
    assert broken.problem() is None  # a restart would only park more
    sent += await kit.send(1)
    parked = [event_id(letter) for letter in await kit.parked()]
    assert parked == sent[:5]
    assert await kit.handled() == []
    stop.set()
    await kit.start(kit.component(dead_letters_consecutive_limit=5))
    await kit.all_handled(sent[5:])


async def test_dead_letters_that_cannot_be_sent_hold_the_position_and_do_not_count_for_the_brake(kit: Kit) -> None:
    publisher = FakePublisher(failures=10)
    await kit.topics.send(a_record(type="flash.unheard.of.v9"))
    sent = await kit.send(3)
    component = kit.component(publisher=publisher, dead_letters_consecutive_limit=2, dead_letters_window_limit=2)
    await kit.start(component)
    await kit.all_handled(sent)
    assert publisher.failures == 0
    assert [letter.topic for letter in publisher.records] == [DEAD_LETTERS]
    assert component.halted is None


async def test_a_restart_goes_on_from_the_position_in_postgres_when_kafka_knows_none(kit: Kit) -> None:
    stop = await kit.start(kit.component(service="before"))
    sent = await kit.send(10)
    await kit.all_handled(sent)
    stop.set()
    sent += await kit.send(10)
    await kit.start(kit.component(service="after"))  # a new group: no offsets in Kafka
    await kit.all_handled(sent)


async def test_the_position_in_postgres_wins_over_a_later_one_in_kafka(kit: Kit) -> None:
    sent = await kit.send(10)
    await kit.topics.commit_as("test.taker", TOPIC)
    await kit.start(kit.component())
    sent += await kit.send(4)
    await kit.all_handled(sent)


async def test_a_position_outside_the_topic_starts_it_over(kit: Kit, settings: Settings) -> None:
    sent = await kit.send(6)
    async with kit.database.transaction() as transaction:
        for number in range(2):
            place = TopicPartition(settings.topic_prefix + TOPIC, number)
            await Positions("taker").reset(transaction, place, 1_000, stored=None)
    await kit.start(kit.component())
    await kit.all_handled(sent)


async def test_a_batch_at_work_is_finished_before_the_consumer_stops(kit: Kit) -> None:
    held = kit.holding()
    sent = await kit.send(5, uuid4())
    async with running(kit.component(held), database=kit.database) as stopping:
        await held.asked.wait()
        stopping.set()
        held.released.set()
    assert await kit.handled() == sent
    assert list((await kit.positions()).values()) == [5]


async def test_a_consumer_that_gets_nowhere_with_events_waiting_says_so(kit: Kit) -> None:
    handler = FailsAtFirst(10_000, ConnectionError())
    component = kit.component(handler, stalled_after_ms=1)
    await kit.start(component)
    sent = await kit.send(1)
    assert "nothing was handled" in str(await eventually(component.problem))
    handler.left = 0
    await kit.all_handled(sent)
    await eventually(lambda: component.problem() is None)


def knows_the_end_of_both_partitions(component: ConsumerComponent) -> bool:
    kafka: Any = component._subscriber and component._subscriber.consumer
    return bool(kafka) and sum(kafka.highwater(place) is not None for place in kafka.assignment()) == 2


async def test_a_consumer_that_restarts_with_nothing_to_do_is_healthy(kit: Kit) -> None:
    stop = await kit.start(kit.component())
    await kit.all_handled(await kit.send(10))
    stop.set()
    idle = kit.component(stalled_after_ms=0)
    await kit.start(idle)
    await eventually(lambda: knows_the_end_of_both_partitions(idle))
    assert idle.problem() is None


async def test_an_event_after_a_long_silence_is_no_reason_to_restart(kit: Kit) -> None:
    held = kit.holding()
    component = kit.component(held, stalled_after_ms=300)
    held.released.set()
    await kit.start(component)
    subject = uuid4()
    sent = await kit.send(1, subject)
    await kit.all_handled(sent)
    held.hold()
    await eventually(lambda: time.monotonic() - component._progressed_at > 0.3)
    sent += await kit.send(1, subject)
    await held.asked.wait()
    assert component.problem() is None
    assert "nothing was handled" in str(await eventually(component.problem))
    held.released.set()
    await kit.all_handled(sent)


async def test_a_consumer_whose_task_ended_says_so(kit: Kit) -> None:
    component = kit.component()
    await kit.start(component)
    (task,) = await eventually(lambda: list(component._subscriber.tasks) if component._subscriber else [])
    task.cancel()
    assert await eventually(component.problem) == "the consuming task has ended"
