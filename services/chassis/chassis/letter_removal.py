"""Beside the data's way: the letters of people who are to be forgotten leave the dead-letter topics before their time.

A topic can forget from its front only. So what stands before the last such letter and belongs to others is written once
more to the end, then the front is deleted. Killed in between, some letters are there twice, which is one letter.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.topics import DEAD_LETTER_RETENTION_DAYS, load_topics

from chassis import logs
from chassis.consumer import Consumer
from chassis.kafka import KafkaPublisher, Record
from chassis.settings import Settings
from chassis.topic_reader import read_records

log = logs.get(__name__)

KEPT_FOR = timedelta(days=DEAD_LETTER_RETENTION_DAYS)


async def remove_letters(
    settings: Settings, person_ids: Collection[UUID], consumers: Sequence[Consumer]
) -> dict[UUID, int]:
    """How many letters of each were removed from the dead letters of what these consumers read about people.

    A letter is somebody's whose id is its key or stands in its value. Raises KafkaError, PublishFailed.
    """
    topics = _about_people(consumers)
    if not topics:
        return {}
    ids, removed, fronts = {str(each): each for each in person_ids}, Counter[UUID](), dict[TopicPartition, int]()
    async for records in read_records(settings, topics):
        for record in records:
            if found := _whose(record, ids):
                removed.update(found)
                fronts[TopicPartition(record.topic, record.partition)] = record.offset + 1
    if fronts:
        await _keep_others(settings, topics, fronts, ids)
        await _delete(settings, fronts)
        log.info("letters_removed", letters=removed.total())
    return dict(removed)


def _about_people(consumers: Iterable[Consumer]) -> list[str]:
    """The dead letters of topics with a person as their key; what is said about forgetting itself is needed."""
    read = {topic for consumer in consumers for topic in consumer.topics} - {ErasureRequestedV1.TOPIC}
    return [topic.dead_letter for topic in load_topics() if topic.name in read and topic.key == "person_id"]


def _whose(record: Any, ids: dict[str, UUID]) -> list[UUID]:
    text = b"\0".join((record.key or b"", record.value or b"")).decode(errors="replace")
    return [person_id for written, person_id in ids.items() if written in text]


async def _keep_others(
    settings: Settings, topics: Sequence[str], fronts: dict[TopicPartition, int], ids: dict[str, UUID]
) -> None:
    publisher = KafkaPublisher(settings)
    try:
        async for records in read_records(settings, topics, fronts):
            kept = [_again(record, settings) for record in records if not _whose(record, ids) and _due(record)]
            await publisher.publish(kept)
    finally:
        await publisher.close()


def _due(record: Any) -> bool:
    """Whether a letter is within its retention, which does not begin anew because it is written again."""
    said = dict(record.headers).get("dlq_time") or b""
    try:
        return datetime.now(UTC) - datetime.fromisoformat(said.decode()).astimezone(UTC) < KEPT_FOR
    except ValueError:
        return True


def _again(record: Any, settings: Settings) -> Record:
    return Record(record.topic.removeprefix(settings.topic_prefix), record.key, record.value, record.headers)


async def _delete(settings: Settings, fronts: dict[TopicPartition, int]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        await admin.delete_records({place: RecordsToDelete(before_offset=end) for place, end in fronts.items()})
    finally:
        await admin.close()
