"""Sending to Kafka so that what is acknowledged is safe: acks from all replicas, one batch a partition at a time.

A partition's next batch leaves only after the one before was acknowledged, so a failure never reorders.
"""

import asyncio
import inspect
import socket
import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.conn import AIOKafkaConnection, collect_hosts, create_conn
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

from chassis import failpoints, logs
from chassis.settings import Settings
from chassis.worker import wait_for_any

log = logs.get(__name__)

MAX_BATCH_BYTES = 256 * 1024
MAX_REQUEST_BYTES = 1024 * 1024
PING_TIMEOUT_MS = 2_000
PING_PAUSE_S = 0.5
CLOSE_TIMEOUT_S = 2
LINGER_0 = struct.pack("ii", 1, 0)
RETRY_BACKOFF_MS = 300
"""Of every connection: with aiokafka's 100, a process keeps a fifth of a core busy while a broker is away."""


class PublishFailed(Exception):
    """Kafka did not acknowledge; what was sent may or may not be there. Send it again."""


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record; the key decides the partition, and so the order."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Publisher(Protocol):
    """Where records go. The real one and the fake in `chassis.testing` share one contract test."""

    async def publish(self, records: Sequence[Record]) -> None:
        """Return when every record is acknowledged, in order per key. Raises PublishFailed."""

    async def close(self) -> None:
        """Let go of the connection."""


async def ping(settings: Settings) -> None:
    """Raise KafkaError, OSError or TimeoutError when none of the brokers answers."""
    hosts = collect_hosts(settings.kafka_bootstrap)
    answers = await asyncio.gather(*(_broker_answers(host, port) for host, port, _ in hosts), return_exceptions=True)
    failures = [answer for answer in answers if answer]
    if len(failures) == len(answers):
        raise failures[0]


async def await_answer(settings: Settings, stopping: asyncio.Event, limit_s: float) -> None:
    """Return when a broker answers, or when told to stop. Raises KafkaConnectionError at the limit."""
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            while not stopping.is_set():
                with suppress(KafkaError, OSError):  # TimeoutError is an OSError
                    await ping(settings)
                    return
                await wait_for_any(stopping, timeout_s=PING_PAUSE_S)
    if not stopping.is_set():
        raise KafkaConnectionError(f"{settings.kafka_bootstrap} did not answer for {limit_s:.0f} s")


async def _broker_answers(host: str, port: int) -> None:
    (await create_conn(host, port, request_timeout_ms=PING_TIMEOUT_MS)).close()


class KafkaPublisher:
    """Publishes with an idempotent producer that is made anew after any failure.

    A failed batch leaves the producer's sequence numbers ahead of the broker's, and every later send would be
    refused (aio-libs/aiokafka#1017). A sender task that has ended counts as a failure, too.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None

    async def publish(self, records: Sequence[Record]) -> None:
        """Send explicit batches, partitions side by side. Raises PublishFailed, also when it takes too long."""
        try:
            async with asyncio.timeout(self._settings.publish_timeout_ms / 1000):
                producer = await self._connected()
                partitions = await self._by_partition(producer, records)
                await _all_or_first_error(_send(producer, *place, queue) for place, queue in partitions.items())
        except (KafkaError, TimeoutError, OSError) as error:
            await self._give_up(repr(error))
            raise PublishFailed(repr(error)) from error

    async def close(self) -> None:
        """Let go of the producer in order, or as it is when the broker may be gone."""
        producer, self._producer = self._producer, None
        if producer:
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await producer.flush()
                    await producer.stop()
            except (KafkaError, TimeoutError, OSError) as error:
                await _drop(producer, repr(error))

    async def _give_up(self, reason: str) -> None:
        producer, self._producer = self._producer, None
        if producer:
            await _drop(producer, reason)

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer and self._producer._sender.sender_task.done():  # not said in public; nothing would leave
            log.warning("sender_task_ended")
            await self._give_up("its sender task ended")
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._settings.kafka_bootstrap,
                enable_idempotence=True,
                acks="all",
                max_batch_size=MAX_BATCH_BYTES,
                max_request_size=MAX_REQUEST_BYTES,
                request_timeout_ms=self._settings.publish_timeout_ms,
                retry_backoff_ms=RETRY_BACKOFF_MS,
            )
            self._producer = producer
            await producer.start()
        return self._producer

    async def _by_partition(
        self, producer: AIOKafkaProducer, records: Sequence[Record]
    ) -> dict[tuple[str, int], list[Record]]:
        prefix = self._settings.topic_prefix
        counts = {topic: len(await producer.partitions_for(prefix + topic)) for topic in {r.topic for r in records}}
        places: dict[tuple[str, int], list[Record]] = defaultdict(list)
        for record in records:
            places[prefix + record.topic, partition_of(record.key, counts[record.topic])].append(record)
        return places


def partition_of(key: bytes | None, partitions: int) -> int:
    """The partition that every Kafka client gives this key."""
    return int((murmur2(key or b"") & 0x7FFFFFFF) % partitions)


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, records: list[Record]) -> None:
    batch = producer.create_batch()
    for record in records:
        if batch.append(**_arguments(record)) is None:
            await _acknowledged(producer, batch, topic, partition)
            batch = producer.create_batch()
            batch.append(**_arguments(record))
    await _acknowledged(producer, batch, topic, partition)


async def _acknowledged(producer: AIOKafkaProducer, batch: BatchBuilder, topic: str, partition: int) -> None:
    acknowledgement = await producer.send_batch(batch, topic, partition=partition)
    failpoints.passing("publisher.sent")
    await acknowledgement


def _arguments(record: Record) -> dict[str, Any]:
    return {"key": record.key, "value": record.value, "timestamp": None, "headers": list(record.headers)}


async def _drop(producer: AIOKafkaProducer, reason: str) -> None:
    """Leave nothing of the producer at work, and nothing that it could still send.

    Its own `stop` waits for what it holds. That would be repeated until Kafka is back, and get there after what its
    successor sent since: older states would be the last ones of their keys. Most of this is not said in public.
    """
    log.info("producer_dropped", reason=reason)
    producer._closed = True
    tasks = _at_work(producer)
    for task in tasks:
        task.cancel()
    for connection in producer.client._conns.values():
        _reset(connection)
    if tasks:
        await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S)
    with suppress(KafkaError, OSError):  # TimeoutError is an OSError
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await producer.client.close()


def _at_work(producer: AIOKafkaProducer) -> set[asyncio.Task[None]]:
    """The sender's task and its requests under way, which it would wait for when cancelled alone."""
    sender = producer._sender.sender_task
    return {sender, *inspect.getcoroutinelocals(sender.get_coro()).get("tasks", ())} if sender else set()


def _reset(connection: AIOKafkaConnection) -> None:
    """End it with what it has not sent yet, which the operating system would go on sending."""
    if connection.connected():
        transport = connection._writer.transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        transport.abort()


async def _all_or_first_error(sends: Iterable[Any]) -> None:
    """Wait for every send to end, so that none runs on behind a failure; then raise the first error."""
    results = await asyncio.gather(*sends, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
