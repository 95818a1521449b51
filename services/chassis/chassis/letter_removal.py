"""Beside the data's way: the letters of people who are to be forgotten leave the dead-letter topics before their time.

A topic can forget from its front only. So what stands before the last such letter and belongs to others is written once
more to the end, then the front is deleted. Killed in between, some letters are there twice, which is one letter. When a
topic is read again from its beginning, what is about them becomes no letter any more.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.topics import DEAD_LETTER_RETENTION_DAYS, load_topics

from chassis import logs
from chassis.consumer import Consumer, Invalid
from chassis.database import Transaction
from chassis.kafka import KafkaPublisher, Record
from chassis.settings import Settings
from chassis.topic_reader import read_records

log = logs.get(__name__)

KEPT_FOR = timedelta(days=DEAD_LETTER_RETENTION_DAYS)
AN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FORGOTTEN = "SELECT person_id FROM erasure WHERE person_id = ANY ($1)"

Letters = list[tuple[Invalid, Any]]


async def remove_letters(
    settings: Settings, person_ids: Collection[UUID], consumers: Sequence[Consumer]
) -> dict[UUID, int]:
    """How many letters of each were removed from the dead letters of what these consumers read about people.

    A letter is somebody's whose id is its key or stands in its value. Raises KafkaError, PublishFailed.
    """
    topics = [*_about_people({topic for consumer in consumers for topic in consumer.topics}).values()]
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


async def without_forgotten(transaction: Transaction, letters: Letters) -> Letters:
    """Those of these records that may become letters: what is about somebody who was forgotten here may not."""
    about_people = _about_people({item.origin.topic for item, _ in letters})
    named = [AN_ID.findall(_text(record)) if item.origin.topic in about_people else [] for item, record in letters]
    rows = await transaction.fetch(FORGOTTEN, [UUID(written) for ids in named for written in ids])
    forgotten = {str(row["person_id"]) for row in rows}
    kept = [letter for letter, ids in zip(letters, named, strict=True) if forgotten.isdisjoint(ids)]
    if len(kept) < len(letters):
        log.info("letters_of_forgotten_dropped", letters=len(letters) - len(kept))
    return kept


def _about_people(topics: Collection[str]) -> dict[str, str]:
    """Those of these topics that have a person as their key, with the topics of their letters.

    What is said about forgetting itself is needed.
    """
    read = {*topics} - {ErasureRequestedV1.TOPIC}
    return {topic.name: topic.dead_letter for topic in load_topics() if topic.name in read and topic.key == "person_id"}


def _whose(record: Any, ids: dict[str, UUID]) -> list[UUID]:
    text = _text(record)
    return [person_id for written, person_id in ids.items() if written in text]


def _text(record: Any) -> str:
    return b"\0".join((record.key or b"", record.value or b"")).decode(errors="replace")


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
