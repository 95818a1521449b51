"""All four services at work in the test's own process, on real engines, and a look into every corner of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import analytics_service.app
import analytics_service.settings
import profile_service.app
import profile_service.settings
import pytest
import search_service.app
import search_service.settings
import session_service.app
import session_service.settings
from chassis.replaying import read_extents, rewind_all
from chassis.runtime import _components
from flash_local.engines.every import Engines
from flash_schemas.topics import load_topics
from opensearchpy import AsyncOpenSearch

from tests.conftest import MakeDatabase
from tests.support.apis import Api, offline_settings, serving_api
from tests.support.canaries import in_databases, in_indexes
from tests.support.records import record_of
from tests.support.running import running
from tests.support.topics import Topics
from tests.support.waiting import eventually

MODULES: dict[str, tuple[Any, Any]] = {
    "profile": (profile_service.app, profile_service.settings),
    "search": (search_service.app, search_service.settings),
    "session": (session_service.app, session_service.settings),
    "analytics": (analytics_service.app, analytics_service.settings),
}
TIME = "2026-11-02T09:00:00Z"
ARRIVES_WITHIN_S = 120


@dataclass
class Platform:
    """The services by name, their APIs, and HR, which numbers what it says."""

    apis: dict[str, Api]
    owners: dict[str, str]
    topics: Topics
    index: AsyncOpenSearch
    prefix: str
    numbers: Any = field(default_factory=lambda: count(1))

    async def call(self, service: str, method: str, path: str, who: dict[str, str], body: Any = None) -> Any:
        """What a service answers to a call that it takes."""
        answer = await self.apis[service].client.request(method, f"/api/v1{path}", json=body, headers=who)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def sign_in(self, service: str, *roles: str, person_id: UUID | None = None) -> dict[str, str]:
        """Headers for one service."""
        return self.apis[service].callers.sign_in(*roles, person_id=person_id)

    async def hr(self, type_: str, **facts: Any) -> Any:
        """HR says something; what became of it."""
        number = next(self.numbers)
        event = {"type": type_, "id": f"hr-{number}", "sequence": number, "time": TIME, **facts}
        who = self.sign_in("profile", "hr_platform")
        answer = await self.call("profile", "POST", "/hr/org-events", who, {"events": [event]})
        assert answer["applied"] == 1, answer
        return answer["results"][0]

    async def joined(self, number: str, name: str, email: str | None = None) -> UUID:
        """Somebody starts; their id."""
        about = {"name": name, "job_title": "Consultant", "job_level": 5, "location": "Berlin", "unit": "root"}
        return UUID((await self.hr("person_joined", employee_number=number, email=email, **about))["person_id"])

    async def fetchval(self, service: str, query: str, *values: Any) -> Any:
        """The one value that a query of a service's database gives."""
        async with self.apis[service].database.connection() as connection:
            return await connection.fetchval(query, *values)

    async def found(self, word: str) -> set[str]:
        """Every table, index and dead-letter topic that holds a word, as text or as bytes."""
        indexes = await in_indexes(self.index, f"{self.prefix}people-*", word)
        return {*await in_databases(self.owners, word), *indexes, *await self._in_dead_letters(word)}

    async def _in_dead_letters(self, word: str) -> set[str]:
        letters = [record for topic in load_topics() for record in await self.topics.read(topic.dead_letter)]
        return {record.topic for record in letters if word.encode() in record.value}

    async def read_again(self) -> None:
        """Every consumer goes through its topics from the beginning once more."""
        for api in self.apis.values():
            extents = await read_extents(api.service.settings, api.service.consumers)
            async with api.database.transaction() as transaction:
                await rewind_all(transaction, extents)
        await self.all_read()

    async def all_read(self) -> None:
        """Every consumer is at the end of its topics, and the index is up to date."""

        async def they_are() -> bool:
            for api in self.apis.values():
                extents = await read_extents(api.service.settings, api.service.consumers)
                query = "SELECT next_offset FROM consumer_offset WHERE consumer = $1 AND topic = $2 AND partition = $3"
                for name, extent in extents.items():
                    for place, end in extent.end.items():
                        at = await self.fetchval(api.service.name, query, name, place.topic, place.partition)
                        assert (at or 0) >= end, (api.service.name, name, place, at, end)
            return not await self.fetchval("search", "SELECT count(*) FROM person WHERE doc_version > indexed_version")

        await eventually(they_are, ARRIVES_WITHIN_S)

    async def say(self, event: Any, version: int) -> None:
        """An event comes to its topic as if its service had said it."""
        await self.topics.send(record_of(event, version))


@pytest.fixture
async def platform(make_database: MakeDatabase, engines: Engines, topic_prefix: str) -> AsyncIterator[Platform]:
    online = {
        "kafka_bootstrap": engines.kafka_bootstrap,
        "topic_prefix": topic_prefix,
        "opensearch_url": engines.opensearch_url,
        "erasure_interval_ms": 100,
        "position_check_interval_ms": 100,
    }
    async with AsyncExitStack() as exits:
        apis, owners = {}, {}
        for name, (app, settings) in MODULES.items():
            urls = await make_database(name)
            service = app.build(settings.Settings(**{**offline_settings(urls.app), **online}))
            apis[name], owners[name] = await exits.enter_async_context(serving_api(service)), urls.owner
            for closed in service.closed:
                exits.push_async_callback(closed)
            for opened in service.opened:
                await opened()
            await exits.enter_async_context(running(*_components(service), database=service.database))
        index = AsyncOpenSearch(hosts=[engines.opensearch_url])
        exits.push_async_callback(index.close)
        topics = Topics(apis["profile"].service.settings)
        exits.push_async_callback(topics.close)
        yield Platform(apis, owners, topics, index, topic_prefix)
        await asyncio.sleep(0)
        await index.indices.delete(index=f"{topic_prefix}people-*", ignore_unavailable=True)
