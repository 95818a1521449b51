"""Looks at the running platform from outside: topics, databases and the index, past every proxy and every service."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx2
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaError
from aiokafka.structs import PartitionMetadata
from flash_local import loopback
from flash_schemas.topics import load_topics

from tests.faults.system import SERVICES, System

CONSUMING = ("profile", "search", "session", "analytics")
IN_OUTBOX = """
FROM outbox, outbox_cursor WHERE xid >= pg_snapshot_xmin(snapshot) AND NOT pg_visible_in_snapshot(xid, snapshot)
"""
UNPUBLISHED = f"SELECT count(*) {IN_OUTBOX}"
WAITING = f"SELECT count(*) FROM (SELECT 1 {IN_OUTBOX} LIMIT 1000) AS waiting"
"""Whether anything is unpublished, and how much as long as it is little: asked all the time, it must cost little."""
POSITIONS = "SELECT consumer, topic, partition, next_offset FROM consumer_offset"
NOT_INDEXED = "SELECT count(*) FROM person WHERE doc_version > indexed_version AND index_problem IS NULL"
NOT_REFRESHED = "SELECT count(*) FROM refresh_job WHERE finished_at IS NULL"
SAMPLE_INTERVAL_S = 0.25
READY_ANSWERS_WITHIN_S = 3
PAUSE_S = 0.1
DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
AWAY = (OSError, TimeoutError, *DATABASE_AWAY, httpx2.HTTPError, KafkaError)
"""What an engine or a service that is down looks like."""

Position = tuple[str, str, str, int]


async def rows(system: System, service: str, query: str, *values: Any) -> list[asyncpg.Record]:
    """Ask a service's database as its superuser."""
    return await system.databases[service].fetch(query, *values)


async def pairs(system: System, service: str, query: str) -> dict[Any, Any]:
    """What a query of two columns gives, the second by the first."""
    return {row[0]: row[1] for row in await rows(system, service, query)}


async def number(system: System, service: str, query: str, *values: Any) -> int:
    """The one number that a query gives."""
    ((found,),) = await rows(system, service, query, *values)
    return int(found or 0)


class Topics:
    """Reads every topic on from where it stopped, without a group."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        self._names = [name for topic in load_topics() for name in (topic.name, topic.dead_letter)]
        self._read: dict[TopicPartition, int] = {}

    async def open(self) -> None:
        """Begin at the beginning."""
        await self._consumer.start()
        places = [TopicPartition(t, p) for t in self._names for p in await self._partitions(t)]
        self._consumer.assign(places)
        self._read = await self._consumer.beginning_offsets(places)
        await self._consumer.seek_to_beginning()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._consumer.stop()

    async def ends(self) -> dict[TopicPartition, int]:
        """The present end of every partition."""
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(self._consumer.assignment())
        return ends

    async def read_on(self) -> list[Any]:
        """Every record from the last reading to the present end, in order within each partition."""
        ends, records = await self.ends(), list[Any]()
        while [place for place, end in ends.items() if await self._consumer.position(place) < end]:
            records.extend(record for batch in (await self._some()).values() for record in batch)
        return records

    async def _some(self) -> dict[TopicPartition, list[Any]]:
        """The next records; none when the line spoilt some, since the client loses others with them: all come again."""
        try:
            some: dict[TopicPartition, list[Any]] = await self._consumer.getmany(timeout_ms=200)
        except CorruptRecordException:
            for place, offset in self._read.items():
                self._consumer.seek(place, offset)
            return {}
        self._read |= {place: batch[-1].offset + 1 for place, batch in some.items()}
        return some

    async def replicas(self) -> dict[TopicPartition, PartitionMetadata]:
        """Who leads each partition (-1: nobody), and who has all of it, as a broker says now. Raises KafkaError."""
        cluster = await self._consumer._client.fetch_all_metadata()
        return {place: cluster._partitions[place.topic][place.partition] for place in self._consumer.assignment()}

    async def _partitions(self, topic: str) -> Sequence[int]:
        found: Sequence[int] = await self._consumer._client._wait_on_metadata(topic)
        return found


async def lag(system: System, topics: Topics) -> dict[str, int]:
    """What is still on its way, by where it waits; empty when everything has arrived."""
    waiting = {f"{service}.outbox": await number(system, service, WAITING) for service in SERVICES}
    ends = await topics.ends()
    for service in CONSUMING:
        for consumer, topic, partition, position in await rows(system, service, POSITIONS):
            behind = ends.get(TopicPartition(topic, partition), 0) - position
            waiting[f"{service}.{consumer}"] = waiting.get(f"{service}.{consumer}", 0) + max(0, behind)
    waiting["search.index"] = await number(system, "search", NOT_INDEXED)
    waiting["profile.refresh"] = await number(system, "profile", NOT_REFRESHED)
    return {place: count for place, count in waiting.items() if count}


async def ready(system: System) -> dict[str, bool]:
    """Which services say that they are ready; who does not answer within seconds does not."""
    services = system.state.services
    async with loopback.client(timeout=READY_ANSWERS_WITHIN_S) as client:
        says = await asyncio.gather(*(_is_ready(client, state.url) for state in services.values()))
    return dict(zip(services, says, strict=True))


async def _is_ready(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/ready")).status_code == 200
    except httpx2.HTTPError:
        return False


class NotSettled(AssertionError):
    """Something did not arrive within the time that it had."""


async def settle(system: System, topics: Topics, within_s: float) -> None:
    """Return when everything has arrived and every service is ready. Raises NotSettled with what has not."""
    ends, last = time.monotonic() + within_s, "nothing answered"
    while time.monotonic() < ends:
        with suppress(*AWAY):
            async with asyncio.timeout(20):
                waiting = await lag(system, topics)
            if not waiting and all((await ready(system)).values()):
                return
            last = str(waiting)
        await asyncio.sleep(PAUSE_S)
    raise NotSettled(f"after {within_s:.0f} s: {last}; ready: {await ready(system)}")


@dataclass
class Samples:
    """What the stored positions did during a run."""

    went_back: list[str] = field(default_factory=list)
    _before: dict[Position, int] = field(default_factory=dict)

    async def take(self, system: System) -> None:
        """Look once; a database that is away is looked at the next time."""
        for service in CONSUMING:
            with suppress(*AWAY):
                for consumer, topic, partition, position in await rows(system, service, POSITIONS):
                    place = (service, consumer, topic, partition)
                    if position < self._before.get(place, 0):
                        self.went_back.append(f"{place}: {self._before[place]} to {position}")
                    self._before[place] = position


@asynccontextmanager
async def meanwhile(look: Callable[[], Awaitable[None]], interval_s: float) -> AsyncIterator[None]:
    """Look again and again while the block runs; raises at its end what looking raised."""

    async def go_on() -> None:
        while True:
            await look()
            await asyncio.sleep(interval_s)

    task = asyncio.create_task(go_on())
    try:
        yield
    finally:
        task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome
