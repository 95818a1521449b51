"""The topics of one test: everything that is in them, and records put there by hand."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from chassis.kafka import KafkaPublisher, Record
from chassis.settings import Settings


class Topics:
    """Reads and writes under the prefix of the settings; names are those of the platform."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._publisher = KafkaPublisher(settings)

    async def send(self, *records: Record) -> None:
        """Return when all records are there."""
        await self._publisher.publish(records)

    async def read(self, name: str) -> list[Any]:
        """Every record from the beginning to the present end, by partition and offset."""
        topic = self._settings.topic_prefix + name
        consumer = AIOKafkaConsumer(bootstrap_servers=self._settings.kafka_bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            places = await self._rewound(consumer, topic)
            ends = await consumer.end_offsets(places)
            records: list[Any] = []
            while [place for place in places if await consumer.position(place) < ends[place]]:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    records.extend(batch)
        finally:
            await consumer.stop()
        return sorted(records, key=lambda record: (record.partition, record.offset))

    async def _rewound(self, consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
        numbers = await consumer._client._wait_on_metadata(topic)  # a new topic may not be known everywhere yet
        places = [TopicPartition(topic, number) for number in numbers]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        return places

    async def commit_as(self, group: str, name: str) -> None:
        """Tell Kafka that this consumer group (without prefix) has read the topic to its present end."""
        topic, group_id = self._settings.topic_prefix + name, self._settings.topic_prefix + group
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap, group_id=group_id, enable_auto_commit=False
        )
        await consumer.start()
        try:
            places = await self._rewound(consumer, topic)
            await consumer.commit(await consumer.end_offsets(places))
        finally:
            await consumer.stop()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._publisher.close()
