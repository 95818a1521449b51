"""Beside the data's way: whole topics read once more from their beginning, to compare them with what came of them.

There is no consumer group and nothing is committed, so whoever consumes these topics is not disturbed.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.consumer import Item, decode
from chassis.settings import Settings

Offsets = Mapping[TopicPartition, int]

POLL_TIMEOUT_MS = 500


async def read_topics(
    settings: Settings, topics: Sequence[str], before: Offsets | None = None
) -> AsyncIterator[list[Item]]:
    """As `read_records`, decoded."""
    async for records in read_records(settings, topics, before):
        yield [decode(record, record.topic.removeprefix(settings.topic_prefix)) for record in records]


async def read_records(
    settings: Settings, topics: Sequence[str], before: Offsets | None = None
) -> AsyncIterator[list[Any]]:
    """Every record of these topics up to their present ends, at most a consumer's batch at a time.

    With `before`, only what stands before these offsets, and nothing of a partition that is not among them.
    Raises KafkaError, and TimeoutError when Kafka gives nothing more.
    """
    consumer = AIOKafkaConsumer(
        *(settings.topic_prefix + topic for topic in topics),
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        await consumer.start()
        left = await _ends(consumer, before)
        while left:
            async with asyncio.timeout(settings.stalled_after_ms / 1000):
                records = await _some(consumer, left, settings.consumer_batch_records)
            yield records
    finally:
        await consumer.stop()


async def _ends(consumer: AIOKafkaConsumer, before: Offsets | None) -> dict[TopicPartition, int]:
    """Where to stop in each partition that has anything to read; the others are paused."""
    places = sorted(consumer.assignment())
    first, last = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    ends = {place: last[place] if before is None else _stored(before, place, last[place]) for place in places}
    left = {place: end for place, end in ends.items() if end > first[place]}
    consumer.pause(*(place for place in places if place not in left))
    return left


def _stored(before: Offsets, place: TopicPartition, last: int) -> int:
    """A position beyond the topic's end is one of a former topic: of this one nothing was read yet."""
    position = before.get(place, 0)
    return position if position <= last else 0


async def _some(consumer: AIOKafkaConsumer, left: dict[TopicPartition, int], most: int) -> list[Any]:
    """The next records; none when nothing is left. A partition that is read to its end leaves `left`."""
    while left:
        polled = await consumer.getmany(timeout_ms=POLL_TIMEOUT_MS, max_records=most)
        records = [record for place, some in polled.items() for record in some if record.offset < left.get(place, 0)]
        for place in [place for place in left if await consumer.position(place) >= left[place]]:
            consumer.pause(place)
            del left[place]
        if records:
            return records
    return []
