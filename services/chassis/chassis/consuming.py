"""The component that runs a `Consumer` on FastStream: polling, positions, retries, the brake and its own health.

FastStream's defaults acknowledge before the handler runs, skip records whose headers are not text, and spin on
poison; so it is used for what remains: the subscription's life and its poll loop. The parser and decoder here hand the
raw records on, acknowledgement is manual, and replies are off.
"""

import asyncio
import random
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from chassis import failpoints, logs, metrics
from chassis.accounting import account
from chassis.consumer import Consumer, Delivery, Invalid, Item, decode, next_offsets, refusal
from chassis.database import Database, Transaction, is_transient
from chassis.dead_letters import DeadLetters, TooManyDeadLetters, place_of
from chassis.kafka import RETRY_BACKOFF_MS, Publisher, PublishFailed, await_answer
from chassis.letter_removal import Letters, without_forgotten
from chassis.membership import JOIN_LIMIT_S, REBALANCE_TIMEOUT_MS, Membership, ended_task, unpolled_s
from chassis.positions import PositionLost
from chassis.reading import Reading, first_offsets
from chassis.settings import Settings
from chassis.worker import wait_for_any

log = logs.get(__name__)

METADATA_MAX_AGE_MS = 10_000
"""A topic that is made anew, or gets more partitions, is noticed by then; by default after five minutes."""
POLL_LIMIT_LEAST_S = 1.0
START_SHARE = 2 / 3
"""Of the time after which a process that does not get on ends: what it waits for Kafka at its start."""

Batch = list[tuple[Item, Any]]


class ConsumerComponent:
    """Runs one consumer until it is told to stop; `problem()` says when it no longer gets on."""

    kind = "consume"

    def __init__(self, service: str, settings: Settings, consumer: Consumer, publisher: Publisher) -> None:
        self.name = consumer.name
        self._service = service
        self._settings = settings
        self._consumer = consumer
        self._dead_letters = DeadLetters(service, consumer.name, settings, publisher)
        self._publisher = publisher
        self._subscriber: BatchSubscriber | None = None
        self._at_work = asyncio.Lock()
        self._halted: str | None = None
        self._failures = 0
        self._membership = Membership()
        self._progressed_at = time.monotonic()
        self._labels = (service, consumer.name)
        metrics.CONSUMER_STOPPED.labels(*self._labels).set(0)

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        """Consume until `stopping`; the batch at hand is finished. Raises KafkaError when Kafka does not come."""
        self._database = database
        self._reading = Reading(self._service, self._consumer, self._settings.topic_prefix, database, self._kafka)
        broker = self._broker()
        await await_answer(self._settings, stopping, self._settings.restart_after_ms / 1000 * START_SHARE)
        try:
            await _until(broker.start(), stopping)
            await self._follow(stopping)
        finally:
            async with asyncio.timeout(self._settings.stop_timeout_s):
                await broker.stop()
            await self._publisher.close()

    def problem(self) -> str | None:
        """Why this consumer does not get on, if so: a dead task, no way into its group, events waiting, no polls."""
        if self._halted or self._subscriber is None or self._subscriber.consumer is None:
            return None
        if any(task.done() for task in self._subscriber.tasks):
            return "the consuming task has ended"
        if ended := ended_task(self._kafka()):
            return f"the task for {ended} has ended"
        if joining_s := self._joining_s():
            self._progressed_at = time.monotonic()
            return f"joining its group for {joining_s:.0f} s" if joining_s > JOIN_LIMIT_S else None
        return self._idle_too_long()

    @property
    def joining(self) -> str | None:
        """That it waits for others to let it into its group, if for long. A restart would begin this anew."""
        joining_s = self._joining_s()
        return (
            f"joining its group for {joining_s:.0f} s" if joining_s > self._settings.stalled_after_ms / 1000 else None
        )

    @property
    def halted(self) -> str | None:
        """Why the brake stopped this consumer, if it did. A restart would only park more, so it stays as it is."""
        return self._halted

    def _joining_s(self) -> float:
        return self._membership.joining_s(self._subscriber.consumer) if self._subscriber else 0.0

    def _idle_too_long(self) -> str | None:
        idle_s, limit_s = time.monotonic() - self._progressed_at, self._settings.stalled_after_ms / 1000
        if (self._failures or self._reading.waiting()) and idle_s > limit_s:
            return f"events are waiting and nothing was handled for {idle_s:.0f} s"
        if (unpolled := min(idle_s, unpolled_s(self._kafka()))) > max(limit_s, POLL_LIMIT_LEAST_S):
            return f"did not poll for {unpolled:.0f} s"
        unread_s, what = self._reading.unread()
        return f"{what} for {unread_s:.0f} s" if unread_s > limit_s else None

    def _broker(self) -> KafkaBroker:
        prefix, settings = self._settings.topic_prefix, self._settings
        broker = KafkaBroker(
            settings.kafka_bootstrap.split(","),  # one text is one broker to FastStream
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            logger=None,
            graceful_timeout=settings.stop_timeout_s,
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
            retry_backoff_ms=RETRY_BACKOFF_MS,
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
            session_timeout_ms=settings.consumer_session_timeout_ms,
            heartbeat_interval_ms=settings.consumer_session_timeout_ms // 3,
            rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
            batch_timeout_ms=settings.consumer_poll_timeout_ms,
            max_records=settings.consumer_batch_records,
            listener=self._reading,
        )
        subscriber(self._consume)
        poll = self._reading.safely(subscriber.get_msg, settings.retry_backoff_min_ms, settings.retry_backoff_max_ms)
        subscriber.get_msg = poll  # type: ignore[assignment, method-assign] # it has no other place for it
        self._subscriber = subscriber
        return broker

    async def _raw_message(self, records: tuple[Any, ...]) -> KafkaMessage:
        return KafkaMessage(body=b"", raw_message=records, consumer=self._kafka())

    def _kafka(self) -> AIOKafkaConsumer:
        assert self._subscriber
        assert self._subscriber.consumer
        return self._subscriber.consumer

    async def _follow(self, stopping: asyncio.Event) -> None:
        """Until told to stop, notice between two batches when another moved the positions."""
        while not stopping.is_set():
            await wait_for_any(stopping, timeout_s=self._settings.position_check_interval_ms / 1000)
            async with self._at_work:
                await self._reading.follow()

    async def _consume(self, records: tuple[Any, ...]) -> None:
        async with self._at_work:
            await self._to_an_end(records)

    async def _to_an_end(self, records: tuple[Any, ...]) -> None:
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
            self._reading.positions.forget()
            await self._put_back(records)
        except TooManyDeadLetters as limit:
            self._halt(limit)
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
        settled = await self._apply(batch)
        failpoints.passing(f"{self.name}.committed")
        await self._reading.tell_kafka(next_offsets((item for item, _ in batch), self._settings.topic_prefix))
        read = {item.origin.topic for item, _ in batch}
        account(self._service, self.name, settled, read=read, waiting=self._waiting())

    async def _fresh(self, records: tuple[Any, ...]) -> Batch:
        """The records that stand at or after their partition's position; decoded."""
        elsewhere = {
            place for place, offset in first_offsets(records) if not await self._reading.located(place, offset)
        }
        prefix_length = len(self._settings.topic_prefix)
        batch: Batch = []
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            if place not in elsewhere and record.offset >= (self._reading.positions.of(place) or 0):
                batch.append((decode(record, record.topic[prefix_length:]), record))
        return batch

    async def _apply(self, batch: Batch) -> list[Item]:
        """Handle a batch; when one event makes it fail for good, find that one by halving and park it.

        What was handled, and as Invalid what was parked.
        """
        moves = next_offsets((item for item, _ in batch), self._settings.topic_prefix)
        invalid = [(item, record) for item, record in batch if isinstance(item, Invalid)]
        deliveries = [item for item, _ in batch if isinstance(item, Delivery)]
        parked: list[Invalid] = []
        try:
            async with self._database.transaction() as transaction:
                if deliveries:
                    failpoints.passing(f"{self.name}.handling")
                    await self._consumer.handle(transaction, deliveries)
                if invalid:  # last, so that a failing handler parks nothing twice; before the position moves
                    parked = await self._park(transaction, invalid, [item for item, _ in batch])
                await self._reading.positions.move(transaction, moves)
                failpoints.passing(f"{self.name}.handled")
        except (PositionLost, TooManyDeadLetters, PublishFailed):
            raise
        except Exception as error:
            if is_transient(error):
                raise
            return await self._isolate(batch, deliveries, error)
        self._reading.moved(moves)
        if not parked:  # otherwise they were counted with those, in their order
            self._dead_letters.passed(len(deliveries))
        if not self._failures:
            self._progressed_at = time.monotonic()
        return [*deliveries, *parked]

    async def _park(self, transaction: Transaction, invalid: Letters, batch: list[Item]) -> list[Invalid]:
        if letters := await without_forgotten(transaction, invalid):
            await self._dead_letters.park(letters, batch)
        return [item for item, _ in letters]

    async def _isolate(self, batch: Batch, deliveries: list[Delivery], error: Exception) -> list[Item]:
        if len(batch) > 1:
            middle = len(batch) // 2
            return [*await self._apply(batch[:middle]), *await self._apply(batch[middle:])]
        log.error("event_not_handled", consumer=self.name, event_id=deliveries[0].envelope.event_id, exc_info=error)
        return await self._apply([(Invalid(refusal(error), deliveries[0].origin), batch[0][1])])

    async def _put_back(self, records: Sequence[Any]) -> None:
        """Read from the first of these records again, after a pause that grows with each failure in a row."""
        self._reading.put_back(records)
        await asyncio.sleep(self._backoff_s())

    def _backoff_s(self) -> float:
        most = self._settings.retry_backoff_max_ms
        pause_ms = (
            most if self._halted else min(most, self._settings.retry_backoff_min_ms * 2 ** min(self._failures, 10))
        )
        return pause_ms / 1000 * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret

    def _halt(self, limit: TooManyDeadLetters) -> None:
        self._halted = f"{limit}; mend the cause, then restart"
        metrics.CONSUMER_STOPPED.labels(*self._labels).set(1)
        first = place_of(limit.first)
        log.error("consumer_stopped", consumer=self.name, reason=self._halted, count=limit.count, **first)

    def _waiting(self) -> set[str]:
        return {topic.removeprefix(self._settings.topic_prefix) for topic in self._reading.waiting()}


async def _until(work: Coroutine[Any, Any, None], stopping: asyncio.Event) -> None:
    """Return when the work is done, or broken off because of `stopping`."""
    tasks = [asyncio.create_task(work), asyncio.create_task(stopping.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()


async def _raw_records(message: KafkaMessage) -> Any:
    return message.raw_message
