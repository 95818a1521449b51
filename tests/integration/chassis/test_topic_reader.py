"""Whole topics are read from their beginning, by nobody in particular, and no further than asked."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import TopicPartition
from chassis.consumer import Delivery, Invalid
from chassis.settings import Settings
from chassis.topic_reader import Offsets, read_topics

from tests.support.aggregates import TOPIC, a_record, an_event
from tests.support.topics import Topics


async def read(settings: Settings, before: Offsets | None = None) -> list[Any]:
    return [item for items in await batches(settings, before) for item in items]


async def batches(settings: Settings, before: Offsets | None = None) -> list[list[Any]]:
    async with asyncio.timeout(30):
        return [items async for items in read_topics(settings, (TOPIC,), before)]


def versions_of(items: list[Any], subject: UUID) -> list[int]:
    envelopes = [item.envelope for item in items if isinstance(item, Delivery)]
    return [envelope.aggregate_version for envelope in envelopes if envelope.subject == subject]


async def test_everything_in_a_topic_is_read_in_order_and_in_small_batches(settings: Settings, topics: Topics) -> None:
    people = [uuid4() for _ in range(20)]
    await topics.send(*(a_record(an_event(person), version) for version in (1, 2, 3) for person in people))
    few = settings.model_copy(update={"consumer_batch_records": 7})
    read_in = await batches(few)
    assert max(map(len, read_in)) <= 7
    items = [item for some in read_in for item in some]
    assert len(items) == 60
    assert all(versions_of(items, person) == [1, 2, 3] for person in people)


async def test_an_empty_topic_is_read_at_once(settings: Settings) -> None:
    assert await read(settings) == []


async def test_what_is_no_event_is_said_to_be_none(settings: Settings, topics: Topics) -> None:
    await topics.send(a_record(), a_record(type="flash.nothing.v1"))
    assert {type(item) for item in await read(settings)} == {Delivery, Invalid}


async def test_reading_ends_where_it_was_told_to(settings: Settings, topics: Topics) -> None:
    subject = uuid4()
    await topics.send(*(a_record(an_event(subject), version) for version in range(1, 11)))
    (place,) = {(item.origin.topic, item.origin.partition) for item in await read(settings)}
    topic = settings.topic_prefix + place[0]
    assert versions_of(await read(settings, {TopicPartition(topic, place[1]): 4}), subject) == [1, 2, 3, 4]
    assert await read(settings, {}) == [], "of a partition that nobody has read there is nothing to compare"
    assert await read(settings, {TopicPartition(topic, place[1]): 11}) == [], "the position is that of a former topic"


async def test_a_topic_that_is_not_there_is_said(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"topic_prefix": f"none{uuid4().hex}-", "stalled_after_ms": 500})
    with pytest.raises(TimeoutError):
        await read(elsewhere)


async def test_reading_remembers_nothing(settings: Settings, topics: Topics) -> None:
    await topics.send(a_record())
    assert len(await read(settings)) == 1
    assert len(await read(settings)) == 1
