"""Watches Kafka while the story is told, so that every step can show the event that followed it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer
from flash_schemas.topics import load_topics

POLL_INTERVAL_MS = 100


@dataclass(frozen=True)
class Seen:
    """Where an event stands."""

    type: str
    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.type} {self.topic}[{self.partition}]@{self.offset}"


@dataclass
class Events:
    """Every event since the watch began, by type and subject."""

    seen: dict[tuple[str, str], list[Seen]] = field(default_factory=lambda: defaultdict(list))
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def counts(self) -> dict[tuple[str, str], int]:
        """How many events are known of each type and subject."""
        return {key: len(found) for key, found in self.seen.items()}

    async def next(self, type_: str, subject: str, known: int, within_s: float) -> Seen:
        """The event of this type about this subject that follows `known` others. Raises TimeoutError."""
        key = (type_, subject)
        async with asyncio.timeout(within_s), self.arrived:
            await self.arrived.wait_for(lambda: len(self.seen[key]) > known)
        return self.seen[key][known]


@asynccontextmanager
async def watching(bootstrap: str) -> AsyncIterator[Events]:
    """The events that are published from now on."""
    events = Events()
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in load_topics()), bootstrap_servers=bootstrap, auto_offset_reset="latest", group_id=None
    )
    await consumer.start()
    await consumer.seek_to_end()
    for partition in consumer.assignment():
        await consumer.position(partition)
    following = asyncio.create_task(_follow(consumer, events))
    try:
        yield events
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await consumer.stop()


async def _follow(consumer: AIOKafkaConsumer, events: Events) -> None:
    while True:
        for records in (await consumer.getmany(timeout_ms=POLL_INTERVAL_MS)).values():
            for record in records:
                headers = {name: value.decode() for name, value in record.headers}
                seen = Seen(headers["ce_type"], record.topic, record.partition, record.offset)
                events.seen[seen.type, headers["ce_subject"]].append(seen)
        async with events.arrived:
            events.arrived.notify_all()
