"""Consumers under test: handlers of every temper, and what they did to the database and to Kafka."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis.consumer import Consumer, Delivery, Handler
from chassis.consuming import ConsumerComponent
from chassis.database import Database, Transaction
from chassis.kafka import KafkaPublisher
from chassis.settings import Settings
from prometheus_client import REGISTRY

from tests.support.aggregates import TOPIC, a_record, an_event
from tests.support.running import running
from tests.support.topics import Topics
from tests.support.waiting import eventually

DEAD_LETTERS = "skill-events-dlq"
HANDLE = "INSERT INTO handled (event_id, subject, version) VALUES ($1, $2, $3)"
HANDLED = "SELECT event_id, subject, version FROM handled ORDER BY position"
POSITIONS = "SELECT topic, partition, next_offset FROM consumer_offset WHERE consumer = 'taker'"


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

        await eventually(they_are, deadline_s=30)

    async def parked(self) -> list[Any]:
        """The dead letters."""
        return await self.topics.read(DEAD_LETTERS)

    async def positions(self) -> dict[int, int]:
        """The stored next offset of each partition."""
        async with self.database.connection() as connection:
            return {row["partition"]: row["next_offset"] for row in await connection.fetch(POSITIONS)}


def event_id(record: Any) -> UUID:
    return UUID(header(record, "ce_id"))


def header(record: Any, name: str) -> str:
    return str(next(value for key, value in record.headers if key == name), "utf-8")


def consumed(service: str, topic: str, outcome: str) -> float:
    """How many events of a topic the consumer `taker` of a service counts as done or parked."""
    labels = {"service": service, "consumer": "taker", "topic": topic, "outcome": outcome}
    return REGISTRY.get_sample_value("flash_consumer_events_total", labels) or 0


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
