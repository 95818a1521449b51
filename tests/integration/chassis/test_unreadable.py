"""What Kafka's own client cannot read: it holds up its partition, and costs the neighbours nothing."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.record.util import calc_crc32c
from chassis.consuming import ConsumerComponent
from chassis.kafka import partition_of
from structlog.testing import capture_logs

from tests.support.aggregates import TOPIC, a_record, an_event
from tests.support.consumers import Held, Kit, event_id
from tests.support.waiting import eventually

NAME = b"a-name-of-a-header"


def subject_in(partition: int) -> UUID:
    """An aggregate whose events go to this one of the two partitions."""
    return next(found for found in iter(uuid4, None) if partition_of(str(found).encode(), 2) == partition)


async def send_unreadable(kit: Kit, partition: int) -> None:
    """A batch that Kafka takes and aiokafka cannot decode: the name of a header is no text."""
    topic, record = kit.settings.topic_prefix + TOPIC, a_record()
    async with AIOKafkaProducer(bootstrap_servers=kit.settings.kafka_bootstrap) as producer:
        batch: Any = producer.create_batch()
        batch.append(timestamp=None, key=record.key, value=record.value, headers=[(NAME.decode(), b"")])
        built = bytearray(bytes(batch._build()).replace(NAME, b"\xff" * len(NAME)))
        built[17:21] = calc_crc32c(built[21:]).to_bytes(4, "big")
        batch._buffer = built
        await (await producer.send_batch(batch, topic, partition=partition))


async def fetched(component: ConsumerComponent, place: TopicPartition, end: int) -> None:
    """Wait until the consumer has these records at hand, though nobody asked it for them yet."""
    await eventually(lambda: component._kafka().highwater(place) == end)


async def both_come_in_one_poll(kit: Kit, component: ConsumerComponent, held: Held) -> list[UUID]:
    """Good events of one partition, then what cannot be read of the other, while the consumer is at work; their ids."""
    good, bad = (TopicPartition(kit.settings.topic_prefix + TOPIC, number) for number in range(2))
    held.released.set()
    await kit.start(component)
    sent = [*await kit.send(1, subject_in(0)), *await kit.send(1, subject_in(1))]
    await kit.all_handled(sent)
    held.hold()
    sent += await kit.send(1, subject_in(0))
    await held.asked.wait()
    sent += await kit.send(50, subject_in(0))
    await fetched(component, good, 52)
    await send_unreadable(kit, 1)
    await fetched(component, bad, 2)
    held.released.set()
    return sent


async def test_what_cannot_be_read_in_one_partition_loses_nothing_of_another(kit: Kit) -> None:
    held = kit.holding()
    with capture_logs() as logged:
        sent = await both_come_in_one_poll(kit, kit.component(held), held)
        sent += await kit.send(10, subject_in(0))
        await kit.all_handled(sent)
    assert await kit.parked() == []
    (why, *_) = [line for line in logged if line["event"] == "poll_failed"]
    assert (why["consumer"], type(why["exc_info"])) == ("taker", UnicodeDecodeError)


async def test_a_partition_that_cannot_be_read_is_named_although_others_move_and_can_be_passed(kit: Kit) -> None:
    """One record at a time, as an operator starts it to learn which is the bad one."""
    component = kit.component(stalled_after_ms=500, position_check_interval_ms=50, consumer_batch_records=1)
    sent = await kit.send(1, subject_in(1))
    await send_unreadable(kit, 1)
    await kit.start(component)

    async def is_named() -> bool:
        sent.extend(await kit.send(1, subject_in(0)))
        return f"{TOPIC}/1 cannot be read past 1 " in str(component.problem())

    await eventually(is_named, deadline_s=30)
    sent += await kit.send(5, subject_in(1))
    async with kit.database.transaction() as transaction:
        await transaction.execute("UPDATE consumer_offset SET next_offset = 2 WHERE partition = 1 AND next_offset = 1")
    await kit.all_handled(sent)
    await eventually(lambda: component.problem() is None)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_what_other_producers_compress_is_read(kit: Kit, codec: str) -> None:
    record = a_record(an_event(), 1)
    async with AIOKafkaProducer(bootstrap_servers=kit.settings.kafka_bootstrap, compression_type=codec) as producer:
        topic = kit.settings.topic_prefix + TOPIC
        await producer.send_and_wait(topic, record.value, record.key, headers=list(record.headers))
    await kit.start(kit.component())
    await kit.all_handled([event_id(record)])
