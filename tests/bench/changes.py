"""From a single change to its event at whoever reads Kafka, beside a bare record's way through the same topic.

Changes come at an unhurried pace, a bare record after each: all three feel the same machine at the same time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from chassis.kafka import KafkaPublisher
from chassis.relay import Relay
from chassis.settings import Settings
from flash_local.engines.every import Engines
from flash_schemas.profile import ProfileChangedV1
from profile_service.app import build
from profile_service.settings import Settings as ProfileSettings

from tests.bench.company import Company, bodies
from tests.bench.measure import quantiles
from tests.bench.world import database_of
from tests.support.apis import serving_api
from tests.support.running import running

PEOPLE = 200
PAUSE_S = 0.03
WARM_UP = 20


class Topic:
    """The records of a topic as they come, and records of one's own on the same way."""

    def __init__(self, settings: Settings) -> None:
        self._name = settings.topic_prefix + ProfileChangedV1.TOPIC
        self._consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, auto_offset_reset="latest")
        self._producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap, acks="all")
        self._last = b"{}"

    async def open(self) -> None:
        """From the present end on."""
        await self._producer.start()
        await self._consumer.start()
        partitions = await self._producer.partitions_for(self._name)
        self._consumer.assign([TopicPartition(self._name, partition) for partition in partitions])
        await self._consumer.seek_to_end()

    async def close(self) -> None:
        await self._consumer.stop()
        await self._producer.stop()

    async def seconds(self, key: bytes, change: Callable[[], Awaitable[Any]]) -> float:
        """From the beginning of a change until a record with its key is here."""
        started = time.perf_counter()
        arrived, _ = await asyncio.gather(self._arrival(key), change())
        return arrived - started

    async def bare_seconds(self) -> float:
        """The same for a record of the same bytes as the last, sent by a producer alone."""
        key = str(uuid4()).encode()
        return await self.seconds(key, lambda: self._producer.send_and_wait(self._name, self._last, key=key))

    async def _arrival(self, key: bytes) -> float:
        while True:
            record: ConsumerRecord[bytes, bytes] = await self._consumer.getone()
            if record.key == key:
                self._last = record.value
                return time.perf_counter()


class Changes:
    """Changes of one person after the other, by themselves and by HR."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._people = list(company.ids.items())
        self._versions = dict.fromkeys(company.ids, 1)

    def edit(self, number: int) -> tuple[bytes, Callable[[], Awaitable[Any]]]:
        """Somebody changes their own profile: the key of the record to come, and how to do it."""
        employee, person_id = self._next(number)
        api = self._company.api
        tag = {"If-Match": f'"{self._versions[employee] - 1}"'}
        headers = api.callers.sign_in("employee", person_id=UUID(person_id)) | tag
        body = {"bio": f"{number:>200}"}
        return person_id.encode(), lambda: _done(api.client.put("/api/v1/me/profile", json=body, headers=headers))

    def push(self, number: int) -> tuple[bytes, Callable[[], Awaitable[Any]]]:
        """The same by HR, as a call with a single event."""
        employee, person_id = self._next(number)
        [body] = bodies([self._company.retitled(employee)])
        return person_id.encode(), lambda: self._company.send(body)

    def _next(self, number: int) -> tuple[str, str]:
        employee, person_id = self._people[number % len(self._people)]
        self._versions[employee] += 1
        return employee, person_id


async def run(engines: Engines, units: int, changes: int) -> None:
    """Print the figures for an organisation of so many units."""
    async with database_of(engines, "profile") as (_, values), serving_api(build(ProfileSettings(**values))) as api:
        settings = Settings(**values)
        company, topic = Company(api), Topic(settings)
        await company.push([*company.units(units), *company.joined(0, PEOPLE, units)])
        async with running(Relay("bench", settings, KafkaPublisher(settings)), database=api.database):
            await topic.open()
            for name, measured in (await _measured(topic, Changes(company), changes)).items():
                quantiles(f"{name}, {units:,} units", measured[WARM_UP:])
            await topic.close()


async def _measured(topic: Topic, changes: Changes, count: int) -> dict[str, list[float]]:
    edits, pushes, bare = [], [], []
    for number in range(count + WARM_UP):
        edits.append(await topic.seconds(*changes.edit(number)))
        await asyncio.sleep(PAUSE_S)
        pushes.append(await topic.seconds(*changes.push(number)))
        await asyncio.sleep(PAUSE_S)
        bare.append(await topic.bare_seconds())
        await asyncio.sleep(PAUSE_S)
    return {"own edit to its event": edits, "HR event to its event": pushes, "floor, a bare record": bare}


async def _done(answering: Awaitable[Any]) -> None:
    answer = await answering
    assert answer.status_code == 200, answer.text
