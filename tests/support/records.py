"""Events as they lie in their topics, and consumers that have read them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from aiokafka import TopicPartition
from chassis.comparison import positions
from chassis.consumer import Consumer
from chassis.consuming import ConsumerComponent
from chassis.database import Database
from chassis.envelope import Envelope, to_headers
from chassis.kafka import KafkaPublisher, Record
from chassis.settings import Settings
from flash_schemas.base import Event

from tests.support.running import running
from tests.support.topics import Topics
from tests.support.waiting import eventually


def record_of(event: Event, version: int = 1, at: datetime | None = None) -> Record:
    """The Kafka record of an event as a relay makes it."""
    envelope = Envelope(uuid4(), event.TYPE, "/services/test", event.aggregate_id, at or datetime.now(UTC), version)
    key = str(event.aggregate_id).encode()
    return Record(event.TOPIC, key, event.model_dump_json().encode(), to_headers(envelope))


async def consume_all(service: str, settings: Settings, database: Database, consumers: Sequence[Consumer]) -> None:
    """Run the consumers of a service until they have handled everything that is in their topics."""
    components = [ConsumerComponent(service, settings, each, KafkaPublisher(settings)) for each in consumers]
    ends = {each.name: await _ends(settings, each) for each in consumers}

    async def they_have() -> bool:
        for name, expected in ends.items():
            stored = await positions(database, name)
            assert {place: stored.get(place, 0) for place in expected} == expected
        return True

    async with running(*components, database=database):
        await eventually(they_have, deadline_s=60)


async def _ends(settings: Settings, consumer: Consumer) -> dict[TopicPartition, int]:
    """The next offset of each partition that holds something."""
    records = [record for topic in consumer.topics for record in await Topics(settings).read(topic)]
    return {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
