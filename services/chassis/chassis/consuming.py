"""The component that runs a `Consumer` on FastStream: polling, positions, retries, the brake and its own health.

FastStream's defaults acknowledge before the handler runs, skip records whose headers are not text, and spin on
poison; so it is used for what remains: the subscription's life and its poll loop. The parser and decoder here hand the
raw records on, acknowledgement is manual, and replies are off.
"""

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from chassis import failpoints, logs, metrics
from chassis.accounting import account
from chassis.consumer import (
    Consumer,
    Delivery,
    Invalid,
    Item,
    Poison,
    PositionLost,
    Positions,
    decode,
    next_offsets,
)
from chassis.database import TRANSIENT_ERRORS, Database, Transaction, is_transient
from chassis.dead_letters import DeadLetters, TooManyDeadLetters
from chassis.kafka import Publisher, PublishFailed
from chassis.settings import Settings

log = logs.get(__name__)

Batch = list[tuple[Item, Any]]
COMMIT_TIMEOUT_S = 5


class ConsumerComponent(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka ships no types
    """Runs one consumer until it is told to stop; `problem()` says when it no longer gets on."""

    kind = "consume"

    def __init__(self, service: str, settings: Settings, consumer: Consumer, publisher: Publisher) -> None:
        self.name = consumer.name
        self._service = service
        self._settings = settings
        self._consumer = consumer
        self._positions = Positions(consumer.name)
        self._dead_letters = DeadLetters(service, consumer.name, settings, publisher)
        self._publisher = publisher
        self._subscriber: BatchSubscriber | None = None
        self._halted: str | None = None
        self._failures = 0
        self._progressed_at = time.monotonic()
        self._labels = (service, consumer.name)
        metrics.CONSUMER_STOPPED.labels(*self._labels).set(0)

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        """Consume until `stopping`; the batch at hand is finished. Raises KafkaError when Kafka is not there."""
        self._database = database
        broker = self._broker()
        await broker.start()
        try:
            await stopping.wait()
        finally:
            async with asyncio.timeout(self._settings.stop_timeout_s):
                await broker.stop()
            await self._publisher.close()

    def problem(self) -> str | None:
        """Why this consumer does not get on, if so: a dead task, or events waiting and no progress."""
        if self._halted or self._subscriber is None:
            return None
        if any(task.done() for task in self._subscriber.tasks):
            return "the consuming task has ended"
        idle_s = time.monotonic() - self._progressed_at
        if (self._failures or self._waiting()) and idle_s > self._settings.stalled_after_ms / 1000:
            return f"events are waiting and nothing was handled for {idle_s:.0f} s"
        return None

    @property
    def halted(self) -> str | None:
        """Why the brake stopped this consumer, if it did. A restart would only park more, so it stays as it is."""
        return self._halted

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:  # noqa: ARG002 - their interface
        """Part of aiokafka's rebalance: forget what another process may own in a moment."""
        self._positions.forget()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Part of aiokafka's rebalance: read on from the stored positions, also where nothing new comes.

        A fetch can race this, and the database may not answer; so it is believed only with the first batch.
        """
        self._positions.forget()
        with suppress(KafkaError, *TRANSIENT_ERRORS):
            first = await self._kafka().beginning_offsets(assigned) if assigned else {}
            async with self._database.connection() as connection:
                for place in assigned:
                    stored = await self._positions.load(connection, place)
                    self._kafka().seek(place, first[place] if stored is None else stored)

    def _broker(self) -> KafkaBroker:
        prefix, settings = self._settings.topic_prefix, self._settings
        broker = KafkaBroker(
            settings.kafka_bootstrap,
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            logger=None,
            graceful_timeout=settings.stop_timeout_s,
        )
        subscriber = broker.subscriber(
            *(prefix + topic for topic in self._consumer.topics),
            batch=True,
            group_id=f"{prefix}{self._service}.{self._consumer.name}",
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            parser=self._raw_message,
            decoder=_raw_records,
            auto_offset_reset="earliest",
            session_timeout_ms=30_000,
            rebalance_timeout_ms=60_000,
            batch_timeout_ms=settings.consumer_poll_timeout_ms,
            max_records=settings.consumer_batch_records,
            listener=self,
        )
        subscriber(self._consume)
        self._subscriber = subscriber
        return broker

    async def _raw_message(self, records: tuple[Any, ...]) -> KafkaMessage:
        return KafkaMessage(body=b"", raw_message=records, consumer=self._kafka())

    def _kafka(self) -> AIOKafkaConsumer:
        assert self._subscriber
        assert self._subscriber.consumer
        return self._subscriber.consumer

    async def _consume(self, records: tuple[Any, ...]) -> None:
        """One batch, to one of its ends; nothing may escape into FastStream, which would go on to the next."""
        if self._halted:
            await self._put_back(records)
            return
        if not self._failures:
            self._progressed_at = time.monotonic()  # that something came is progress, also after idle hours
        try:
            with metrics.CONSUMER_BATCH.labels(*self._labels).time():
                await self._handle(records)
            self._failures = 0
            self._progressed_at = time.monotonic()
        except PositionLost:
            log.warning("position_lost", consumer=self.name)
            self._positions.forget()
            await self._put_back(records)
        except TooManyDeadLetters as limit:
            self._halt(str(limit))
            await self._put_back(records)
        except Exception as error:  # the batch is put back, counted and logged: nothing is lost
            self._failures += 1
            metrics.CONSUMER_RETRIES.labels(*self._labels).inc()
            log.warning("batch_put_back", consumer=self.name, failures=self._failures, exc_info=error)
            await self._put_back(records)

    async def _handle(self, records: tuple[Any, ...]) -> None:
        batch = await self._fresh(records)
        if not batch:
            return
        failpoints.passing(f"{self.name}.taken")
        await self._apply(batch)
        failpoints.passing(f"{self.name}.committed")
        await self._tell_kafka(next_offsets((item for item, _ in batch), self._settings.topic_prefix))
        account(self._service, self.name, [item for item, _ in batch], waiting=self._waiting())

    async def _fresh(self, records: tuple[Any, ...]) -> Batch:
        """The records that stand at or after their partition's position; decoded."""
        elsewhere = {place for place, offset in _first_offsets(records) if not await self._located(place, offset)}
        prefix_length = len(self._settings.topic_prefix)
        batch: Batch = []
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            if place not in elsewhere and record.offset >= (self._positions.of(place) or 0):
                batch.append((decode(record, record.topic[prefix_length:]), record))
        return batch

    async def _located(self, place: TopicPartition, offset: int) -> bool:
        """Whether reading goes on where it should. Otherwise it is moved there, and this poll's records come again."""
        if self._positions.of(place) is not None:
            return True
        async with self._database.transaction() as transaction:
            stored = await self._positions.load(transaction, place)
            position = offset if stored == offset else await self._corrected(transaction, place, stored)
        self._positions.believe({place: position})
        if position != offset:
            self._kafka().seek(place, position)
        return position == offset

    async def _corrected(self, transaction: Transaction, place: TopicPartition, stored: int | None) -> int:
        """The stored position; the topic's beginning where there is none or it lies outside the topic."""
        kafka = self._kafka()
        first = int((await kafka.beginning_offsets([place]))[place])
        if stored is not None and first <= stored <= (await kafka.end_offsets([place]))[place]:
            return stored
        self._report_reset(place, stored, first)
        await self._positions.reset(transaction, place, first, stored=stored)
        return first

    async def _apply(self, batch: Batch) -> None:
        """Handle a batch; when one event makes it fail for good, find that one by halving and park it."""
        moves = next_offsets((item for item, _ in batch), self._settings.topic_prefix)
        invalid = [(item, record) for item, record in batch if isinstance(item, Invalid)]
        deliveries = [item for item, _ in batch if isinstance(item, Delivery)]
        try:
            async with self._database.transaction() as transaction:
                if deliveries:
                    await self._consumer.handle(transaction, deliveries)
                if invalid:  # last, so that a failing handler parks nothing twice; before the position moves
                    await self._dead_letters.park(invalid)
                await self._positions.move(transaction, moves)
                failpoints.passing(f"{self.name}.handled")
        except (PositionLost, TooManyDeadLetters, PublishFailed):
            raise
        except Exception as error:
            if is_transient(error):
                raise
            await self._isolate(batch, deliveries, error)
            return
        self._positions.believe(moves)
        self._dead_letters.passed(len(deliveries))

    async def _isolate(self, batch: Batch, deliveries: list[Delivery], error: Exception) -> None:
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._apply(batch[:middle])
            await self._apply(batch[middle:])
            return
        log.error("event_not_handled", consumer=self.name, event_id=deliveries[0].envelope.event_id, exc_info=error)
        reason = f"refused: {error}" if isinstance(error, Poison) else f"handler failed: {type(error).__name__}"
        await self._apply([(Invalid(reason, deliveries[0].origin), batch[0][1])])

    async def _put_back(self, records: Sequence[Any]) -> None:
        """Read from the first of these records again, after a pause that grows with each failure in a row."""
        kafka = self._kafka()
        for place, offset in _first_offsets(records):
            if place in kafka.assignment():
                kafka.seek(place, offset)
        await asyncio.sleep(self._backoff_s())

    def _backoff_s(self) -> float:
        most = self._settings.retry_backoff_max_ms
        pause_ms = (
            most if self._halted else min(most, self._settings.retry_backoff_min_ms * 2 ** min(self._failures, 10))
        )
        return pause_ms / 1000 * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret

    def _halt(self, topic: str) -> None:
        self._halted = f"too many dead letters from {topic}; mend the cause, then restart"
        metrics.CONSUMER_STOPPED.labels(*self._labels).set(1)
        log.error("consumer_stopped", consumer=self.name, topic=topic, reason=self._halted)

    async def _tell_kafka(self, moves: dict[TopicPartition, int]) -> None:
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await self._kafka().commit(moves)
        except (KafkaError, TimeoutError) as error:
            log.info("lag_hint_not_committed", consumer=self.name, error=type(error).__name__)

    def _report_reset(self, place: TopicPartition, stored: int | None, first: int) -> None:
        if stored is not None:
            metrics.CONSUMER_RESETS.labels(*self._labels, place.topic).inc()
            log.error("position_outside_topic", consumer=self.name, topic=place.topic, stored=stored, first=first)

    def _waiting(self) -> set[str]:
        """The topics of which Kafka holds more. Of a partition that gave nothing since assigned, nobody knows."""
        kafka = self._kafka()
        believed = ((place, self._positions.of(place)) for place in kafka.assignment())
        more = (place for place, position in believed if position is not None and _end(kafka, place) > position)
        return {place.topic.removeprefix(self._settings.topic_prefix) for place in more}


def _end(kafka: AIOKafkaConsumer, place: TopicPartition) -> int:
    """One past the newest record that is known of."""
    return kafka.highwater(place) or 0


def _first_offsets(records: Sequence[Any]) -> Iterable[tuple[TopicPartition, int]]:
    """The first offset of each partition among these records."""
    first: dict[TopicPartition, int] = {}
    for record in records:
        first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
    return first.items()


async def _raw_records(message: KafkaMessage) -> Any:
    return message.raw_message
