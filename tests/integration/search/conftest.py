"""The search service on a real database and a real OpenSearch, fed with events as its consumers would be."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.database import Database
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines
from flash_schemas.base import Event
from flash_schemas.profile import (
    Objective,
    Participation,
    ProfileChangedV1,
    ProgramChangedV1,
    SearchFields,
    Skill,
    SkillChangedV1,
    UnitRef,
)
from flash_schemas.session import AvailabilityChangedV1, BlockChangedV1
from search_service import blocks, consumers
from search_service.app import build
from search_service.index import Index, Indexer
from search_service.settings import Settings

from tests.support.apis import Api, offline_settings, serving_api
from tests.support.deliveries import delivery

TODAY = datetime.now(UTC).date()
HANDLERS: dict[type[Event], Any] = {
    ProfileChangedV1: consumers.take_profiles,
    AvailabilityChangedV1: consumers.take_availability,
    BlockChangedV1: blocks.take_blocks,
    ProgramChangedV1: consumers.take_programs,
    SkillChangedV1: consumers.take_skills,
}


@dataclass
class World:
    """What the other services would have said, and this service's own parts."""

    api: Api
    database: Database
    index: Index
    indexer: Indexer
    versions: dict[UUID, int] = field(default_factory=dict)
    program_id: UUID = field(default_factory=uuid4)
    searcher_id: UUID = field(default_factory=uuid4)

    async def say(self, *events: Event) -> None:
        """The events reach their handlers, each with the next version of its aggregate."""
        for event in events:
            version = self.versions[event.aggregate_id] = self.versions.get(event.aggregate_id, 0) + 1
            await self.hear(event, version)

    async def hear(self, event: Event, version: int) -> None:
        """One event of a given version."""
        async with self.database.transaction() as transaction:
            await HANDLERS[type(event)](transaction, [delivery(event, version)])

    async def settle(self) -> None:
        """Everything said is searchable."""
        while await self.indexer.run():
            pass
        await self.index.refresh(self.index.alias)

    async def skill(self, label: str, *aliases: str, **values: Any) -> UUID:
        skill_id = uuid4()
        await self.say(SkillChangedV1(skill_id=skill_id, change="created", label=label, aliases=aliases, **values))
        return skill_id

    async def program(self, **fields: Sequence[str]) -> None:
        """The program everybody is in, with these search fields; the searcher owns it."""
        objective = Objective(objective_id=uuid4(), text="x", metric="connections", target=1, due=TODAY)
        program = ProgramChangedV1(
            program_id=self.program_id,
            change="created",
            name="Program",
            status="active",
            objectives=(objective,),
            eligibility={},
            search_fields=SearchFields.model_validate(fields),
            request_policy={},
            owners=(self.searcher_id,),
            starts_on=TODAY,
        )
        await self.say(program)

    def person(self, name: str, *skills: tuple[UUID, int], units: Sequence[str] = ("Aurora",), **values: Any) -> Any:
        """A mentor's profile."""
        usual: dict[str, Any] = {
            "person_id": uuid4(),
            "change": "edited",
            "name": name,
            "job_title": "Consultant",
            "job_level": 5,
            "location": "Berlin",
            "status": "active",
            "unit_path": tuple(UnitRef(unit_id=UUID(int=hash(unit) % 2**64), name=unit) for unit in units),
            "participations": (Participation(program_id=self.program_id, roles=("learner", "mentor")),),
            "skills": tuple(Skill(skill_id=skill_id, level=level, confirmed_on=TODAY) for skill_id, level in skills),
        }
        return ProfileChangedV1(**{**usual, **values})

    def availability(self, person_id: UUID, slots_left: int, **values: Any) -> AvailabilityChangedV1:
        usual = {"month": f"{TODAY:%Y-%m}", "capacity": 2, "open_requests": 0}
        return AvailabilityChangedV1(person_id=person_id, slots_left=slots_left, **{**usual, **values})

    async def ask(self, q: str = "", status: int = 200, by: UUID | None = None, **params: Any) -> Any:
        """The answer to a search."""
        headers = self.api.callers.sign_in("employee", person_id=by or self.searcher_id)
        url = f"/api/v1/programs/{self.program_id}/people"
        answer = await self.api.client.get(url, params={"q": q, **params}, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def names(self, q: str = "", **params: Any) -> list[str]:
        """Who is found, in order."""
        return [item["name"] for item in (await self.ask(q, **params))["items"]]


@pytest.fixture
async def world(search_database: DatabaseUrls, engines: Engines) -> AsyncIterator[World]:
    values = {**offline_settings(search_database.app), "opensearch_url": engines.opensearch_url}
    settings = Settings(**values, topic_prefix=f"t{token_hex(6)}-", query_hash_key="k")
    async with serving_api(build(settings)) as api:
        service_search: Any = api.service.state["search"]
        index: Index = service_search._index
        await index.open()
        database = api.database
        yield World(api, database, index, Indexer(database, index, batch_documents=50))
        await index.client.indices.delete(index=f"{index.alias}-*", ignore_unavailable=True)
        await index.close()
