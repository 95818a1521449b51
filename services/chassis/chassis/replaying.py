"""The command `replay`: consumers go through their topics from the beginning once more, while everything runs.

The stored positions are moved back, and the running consumers follow them. What a consumer had handled before has no
further effect, as after any repetition; a service whose numbers come from what it reads empties them first.
"""

import asyncio
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, TopicPartition
from flash_schemas.topics import load_topics

from chassis.consumer import Consumer
from chassis.database import Database, Transaction
from chassis.positions import rewind, stored_positions
from chassis.settings import Settings

if TYPE_CHECKING:
    from chassis.runtime import Service

LOOK_INTERVAL_S = 0.5
REPORT_INTERVAL_S = 5
PATIENCE_S = 60
"""How long to wait for consumers that get nowhere."""

Offsets = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Extent:
    """What the topics of a consumer hold: the first and the next offset of each partition."""

    first: Offsets
    end: Offsets

    def read(self, stored: Offsets) -> int:
        """How many offsets of it are behind these positions."""
        return sum(max(0, min(stored.get(place, 0), self.end[place]) - self.first[place]) for place in self.end)

    @property
    def length(self) -> int:
        """How many offsets there are to read."""
        return sum(self.end[place] - self.first[place] for place in self.end)


Extents = Mapping[str, Extent]


async def replay(service: "Service", arguments: Sequence[str]) -> int:
    """Read everything again into what is there; 0 when the consumers are where they were, 1 when they get nowhere."""
    parser(service.name).parse_args(arguments)
    extents = await read_extents(service.settings, service.consumers)
    async with service.database.transaction() as transaction:
        await rewind_all(transaction, extents)
    return 0 if await followed(service.database, extents) else 1


def parser(service: str) -> ArgumentParser:
    """What every replay understands."""
    return ArgumentParser(f"{service}_service replay", description="Have the consumers read their topics again.")


async def read_extents(settings: Settings, consumers: Sequence[Consumer]) -> Extents:
    """What Kafka holds now for each consumer, by its name. Raises KafkaError."""
    kafka = AIOKafkaConsumer(
        *{settings.topic_prefix + topic for consumer in consumers for topic in consumer.topics},
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=None,
        enable_auto_commit=False,
    )
    try:
        await kafka.start()
        places = sorted(kafka.assignment())
        first, end = await kafka.beginning_offsets(places), await kafka.end_offsets(places)
    finally:
        await kafka.stop()
    extents = {}
    for consumer in consumers:
        own = [place for place in places if place.topic.removeprefix(settings.topic_prefix) in consumer.topics]
        extents[consumer.name] = Extent({place: first[place] for place in own}, {place: end[place] for place in own})
    return extents


def forgotten(settings: Settings, extents: Extents) -> list[str]:
    """The topics whose first events are gone. One that keeps the last state of each key loses nothing that counts."""
    aging = {settings.topic_prefix + topic.name for topic in load_topics() if topic.cleanup_policy == "delete"}
    first = {place: offset for extent in extents.values() for place, offset in extent.first.items()}
    gone = {place.topic for place, offset in first.items() if offset and place.topic in aging}
    return sorted(topic.removeprefix(settings.topic_prefix) for topic in gone)


async def rewind_all(transaction: Transaction, extents: Extents) -> None:
    """Move every consumer's positions to the beginning of its topics."""
    for consumer, extent in extents.items():
        await rewind(transaction, consumer, extent.first)


async def followed(database: Database, extents: Extents) -> bool:
    """Say how far the consumers are until they have passed these ends; False when they get nowhere."""
    progress = dict.fromkeys(extents, -1)
    moved_at = said_at = time.monotonic()
    while time.monotonic() - moved_at < PATIENCE_S:
        now = await _progress(database, extents)
        if now != progress:
            progress, moved_at = now, time.monotonic()
        done = all(now[name] == extent.length for name, extent in extents.items())
        if done or time.monotonic() - said_at > REPORT_INTERVAL_S:
            _say(progress, extents)
            said_at = time.monotonic()
        if done:
            return True
        await asyncio.sleep(LOOK_INTERVAL_S)
    print(f"Nothing was read for {PATIENCE_S} s: does a process with the consumers run? They go on when it does.")  # noqa: T201 - a command's answer
    return False


async def _progress(database: Database, extents: Extents) -> dict[str, int]:
    async with database.connection() as connection:
        return {name: extent.read(await stored_positions(connection, name)) for name, extent in extents.items()}


def _say(progress: Mapping[str, int], extents: Extents) -> None:
    parts = (f"{name} {progress[name]} of {extent.length}" for name, extent in extents.items())
    print("read again: " + ", ".join(parts), flush=True)  # noqa: T201 - a command's answer
