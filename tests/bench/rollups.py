"""Consuming messages into facts and rollups against a bare script: poll, decode, aggregate, one upsert a batch."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from analytics_service.consumers import consumers
from chassis.consuming import ConsumerComponent
from chassis.database import Database
from chassis.envelope import Envelope, to_headers
from chassis.kafka import KafkaPublisher, Record
from chassis.settings import Settings
from flash_local.engines.every import Engines
from flash_schemas.session import MessageSentV1

from tests.bench.measure import Spent, against_floor, spent
from tests.bench.world import database_of
from tests.support.waiting import eventually

EVENTS, BATCH = 100_000, 1_000
ADD = """
INSERT INTO floor SELECT * FROM unnest($1::uuid[], $2::bigint[])
ON CONFLICT (program) DO UPDATE SET messages = floor.messages + EXCLUDED.messages
"""
DONE = "SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offset WHERE consumer = 'facts'"


async def run(engines: Engines) -> None:
    """Print the figure."""
    async with database_of(engines, "analytics") as (database, values):
        settings = Settings(**values)
        publisher = KafkaPublisher(settings)
        records = _records()
        for start in range(0, EVENTS, BATCH):
            await publisher.publish(records[start : start + BATCH])
        await publisher.close()
        floor = await _floor(engines, settings)
        ours = await _ours(database, settings)
    against_floor("rollups", ours, floor, EVENTS, "events")


def _records() -> list[Record]:
    random, sessions, program = Random(3), [uuid4() for _ in range(2_000)], uuid4()
    people = [uuid4() for _ in range(1_000)]
    records = []
    for number in range(EVENTS):
        session = random.choice(sessions)
        event = MessageSentV1(
            session_id=session,
            program_id=program,
            message_id=uuid4(),
            sender_id=random.choice(people),
            recipient_id=random.choice(people),
            sender_role="learner",
            length=40,
            first_reply=False,
        )
        envelope = Envelope(uuid4(), event.TYPE, "/bench", session, datetime.now(UTC), number + 1)
        payload = event.model_dump_json().encode()
        records.append(Record(event.TOPIC, str(session).encode(), payload, to_headers(envelope)))
    return records


async def _ours(database: Database, settings: Settings) -> Spent:
    """From the first stored position to the last: joining the group takes seconds, however many events there are."""
    facts = next(consumer for consumer in consumers() if consumer.name == "facts")
    component = ConsumerComponent("bench", settings, facts, KafkaPublisher(settings))
    stopping = asyncio.Event()

    async def reached(count: int) -> int:
        async with database.connection() as connection:
            done: int = await connection.fetchval(DONE)
        return done if done >= count else 0

    running = asyncio.create_task(component.run(database, stopping))
    before = await eventually(partial(reached, 1), 120)
    with spent() as ours:
        await eventually(partial(reached, EVENTS), 300)
    stopping.set()
    await running
    scale = EVENTS / (EVENTS - before)
    return Spent(ours.wall_s * scale, ours.cpu_s * scale)


async def _floor(engines: Engines, settings: Settings) -> Spent:
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    topic = settings.topic_prefix + MessageSentV1.TOPIC
    await consumer._client.force_metadata_update()
    consumer.assign([TopicPartition(topic, partition) for partition in consumer.partitions_for_topic(topic) or ()])
    connection, read = await asyncpg.connect(engines.postgres_url), 0  # the service's own role makes no tables
    await connection.execute("CREATE TEMP TABLE floor (program uuid PRIMARY KEY, messages bigint)")
    with spent() as floor:
        while read < EVENTS:
            batches = (await consumer.getmany(timeout_ms=200, max_records=500)).values()
            records: list[Any] = [record for batch in batches for record in batch]
            read += len(records)
            counts = Counter(json.loads(record.value)["program_id"] for record in records)
            await connection.execute(ADD, [UUID(program) for program in counts], list(counts.values()))
    await connection.close()
    await consumer.stop()
    return floor
