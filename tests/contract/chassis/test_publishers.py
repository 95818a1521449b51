"""What the relay may rely on, of Kafka and of the fake that stands in for it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.kafka import MAX_BATCH_BYTES, KafkaPublisher, Publisher, PublishFailed, Record, partition_of
from chassis.outbox import MAX_PAYLOAD_BYTES
from chassis.settings import Settings
from chassis.testing import FakePublisher
from flash_local.engines.every import Engines
from flash_schemas.profile import ProgramChangedV1

from tests.support.aggregates import TOPIC, a_record, an_event, versions
from tests.support.apis import offline_settings
from tests.support.topics import Topics

OTHER_TOPIC = ProgramChangedV1.TOPIC


@dataclass
class Subject:
    """A publisher, a look at what it published, and another one whose Kafka does not take anything at first."""

    publisher: Publisher
    failing: Publisher
    topics: Topics

    async def published(self, topic: str) -> list[Any]:
        """Records of a topic; those of one key are in order."""
        if isinstance(self.publisher, FakePublisher):
            return [record for record in self.publisher.records if record.topic == topic]
        return await self.topics.read(topic)


@pytest.fixture
def settings(engines: Engines, topic_prefix: str) -> Settings:
    return Settings(
        **offline_settings("postgresql://nowhere")
        | {"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix}
    )


@pytest.fixture
async def topics(settings: Settings) -> AsyncIterator[Topics]:
    opened = Topics(settings)
    yield opened
    await opened.close()


@pytest.fixture(params=["fake", "kafka"])
async def subject(request: pytest.FixtureRequest, settings: Settings, topics: Topics) -> AsyncIterator[Subject]:
    if request.param == "fake":
        yield Subject(FakePublisher(), FakePublisher(failures=1), topics)
        return
    nowhere = settings.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    subject = Subject(KafkaPublisher(settings), KafkaPublisher(nowhere), topics)
    yield subject
    await subject.publisher.close()


def history(aggregate_id: UUID, length: int, first: int = 1) -> list[Record]:
    return [a_record(an_event(aggregate_id), version) for version in range(first, first + length)]


def interleaved(*histories: list[Record]) -> list[Record]:
    return [record for records in zip(*histories, strict=True) for record in records]


def content(record: Any) -> tuple[Any, ...]:
    return record.key, record.value, list(record.headers)


async def test_published_records_arrive_as_they_were(subject: Subject) -> None:
    records = [a_record(), replace(a_record(), value=None), replace(a_record(), value=b"\x00\xff", headers=[])]
    await subject.publisher.publish(records)
    found = await subject.published(TOPIC)
    assert sorted(map(content, found), key=repr) == sorted(map(content, records), key=repr)


async def test_records_of_one_key_keep_their_order_within_and_across_calls(subject: Subject) -> None:
    aggregate_ids = [uuid4() for _ in range(5)]
    for first in (1, 101, 201):
        await subject.publisher.publish(interleaved(*(history(known, 100, first) for known in aggregate_ids)))
    expected = {known: list(range(1, 301)) for known in aggregate_ids}
    assert versions(await subject.published(TOPIC)) == expected


async def test_records_go_to_the_topic_they_name(subject: Subject) -> None:
    here, there = a_record(), replace(a_record(), topic=OTHER_TOPIC)
    await subject.publisher.publish([here, there])
    assert [content(record) for record in await subject.published(TOPIC)] == [content(here)]
    assert [content(record) for record in await subject.published(OTHER_TOPIC)] == [content(there)]


async def test_nothing_to_publish_is_no_failure(subject: Subject) -> None:
    await subject.publisher.publish([])
    assert await subject.published(TOPIC) == []


async def test_a_failure_is_said_in_one_way_and_leaves_the_publisher_usable(subject: Subject) -> None:
    with pytest.raises(PublishFailed):
        await subject.failing.publish([a_record()])
    await subject.failing.close()
    await subject.publisher.publish([record := a_record()])
    await subject.publisher.close()
    assert content(record) in [content(found) for found in await subject.published(TOPIC)]


async def test_the_largest_event_of_an_outbox_fits_between_small_ones(settings: Settings, topics: Topics) -> None:
    small = history(uuid4(), 3)
    huge = replace(small[1], value=b"x" * MAX_PAYLOAD_BYTES)
    publisher = KafkaPublisher(settings)
    for records in ([small[0], huge, small[2]], [huge, small[2]], [huge]):
        await publisher.publish(records)
    await publisher.close()
    sizes = [len(record.value) == MAX_PAYLOAD_BYTES for record in await topics.read(TOPIC)]
    assert sizes == [False, True, False, True, False, True]


async def test_more_than_one_batch_keeps_its_order(settings: Settings, topics: Topics) -> None:
    records = [replace(record, value=b"x" * 10_000) for record in history(uuid4(), 4 * MAX_BATCH_BYTES // 10_000)]
    publisher = KafkaPublisher(settings)
    await publisher.publish(records)
    await publisher.close()
    assert [content(record) for record in await topics.read(TOPIC)] == [content(record) for record in records]


async def test_a_refused_record_fails_its_call_and_does_not_brick_the_partition(
    settings: Settings, topics: Topics
) -> None:
    aggregate_id, publisher = uuid4(), KafkaPublisher(settings)
    before, refused, after = history(aggregate_id, 3)
    await publisher.publish([before])
    with pytest.raises(PublishFailed):
        await publisher.publish([replace(refused, value=b"x" * 3_000_000)])
    await publisher.publish([after])
    await publisher.close()
    assert versions(await topics.read(TOPIC)) == {aggregate_id: [1, 3]}


async def test_a_topic_that_does_not_exist_fails_the_call(settings: Settings) -> None:
    publisher = KafkaPublisher(settings.model_copy(update={"publish_timeout_ms": 3_000}))
    with pytest.raises(PublishFailed):
        await publisher.publish([replace(a_record(), topic="no-such-topic")])
    await publisher.publish([a_record()])
    await publisher.close()


async def test_a_record_goes_to_the_partition_that_every_client_gives_its_key(
    settings: Settings, topics: Topics
) -> None:
    records = [a_record() for _ in range(40)]
    await topics.send(*records)
    expected = {record.key: partition_of(record.key, 2) for record in records}
    assert {record.key: record.partition for record in await topics.read(TOPIC)} == expected
    assert set(expected.values()) == {0, 1}


@pytest.mark.parametrize(
    ("key", "partition"),
    [(b"21", 3), (b"foobar", 1), (b"a-little-bit-long-string", 0), (b"a-little-bit-longer-string", 4), (b"abc", 0)],
)
def test_the_partition_is_that_of_the_java_client(key: bytes, partition: int) -> None:
    """Known murmur2 values of Kafka's own tests, over five partitions."""
    known = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"abc": 479470107,
    }
    assert partition_of(key, 5) == (known[key] & 0x7FFFFFFF) % 5
