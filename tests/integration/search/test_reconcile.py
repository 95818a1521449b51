"""What was lost between the topics, the projection and the index is found, and comes back the usual way."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.reconciliation import Finding
from chassis.settings import Settings as ChassisSettings
from flash_local.engines.every import Engines
from flash_schemas.base import Event
from flash_schemas.profile import SkillChangedV1
from search_service.consumers import consumers
from search_service.reconcile import Reconciler

from tests.integration.search.conftest import World
from tests.support.records import consume_all, record_of
from tests.support.topics import Topics


@dataclass
class Company:
    """A search service whose topics hold what the other services said."""

    world: World
    settings: ChassisSettings
    topics: Topics
    versions: dict[UUID, int] = field(default_factory=dict)

    async def publish(self, *events: Event) -> None:
        """The events are in their topics, each with the next version of its aggregate."""
        records = []
        for event in events:
            version = self.versions[event.aggregate_id] = self.versions.get(event.aggregate_id, 0) + 1
            records.append(record_of(event, version))
        await self.topics.send(*records)

    async def consume(self) -> None:
        """Everything published is in the projection and in the index."""
        await consume_all("search", self.settings, self.world.database, consumers())
        await self.world.settle()

    async def people(self, count: int) -> list[Any]:
        """So many people with their availability, known to everybody."""
        people = [self.world.person(f"Person {n}") for n in range(count)]
        await self.publish(*people, *(self.world.availability(person.person_id, 1) for person in people))
        await self.consume()
        return people

    async def execute(self, statement: str, *values: Any) -> None:
        """Something happens to the projection that should not."""
        async with self.world.database.transaction() as transaction:
            await transaction.execute(statement, *values)

    async def lose_document(self, person_id: UUID) -> None:
        index, alias = self.world.index.client, self.world.index.alias
        version = (await index.get(index=alias, id=str(person_id)))["_version"]
        params: dict[str, Any] = {"version": version, "version_type": "external_gte", "refresh": "true"}
        await index.delete(index=alias, id=str(person_id), params=params)

    async def put_document(self, person_id: UUID, version: int) -> None:
        """A document that nobody but the index knows."""
        body = {"person_id": str(person_id), "deleted": False, "name": "Stranger"}
        params: dict[str, Any] = {"version": version, "version_type": "external", "refresh": "true"}
        await self.world.index.client.index(index=self.world.index.alias, id=str(person_id), body=body, params=params)

    async def hidden(self, person_id: UUID) -> bool:
        """Whether all that an index has of somebody is that they are not to be shown."""
        found = await self.world.index.client.get(index=self.world.index.alias, id=str(person_id))
        return bool(found["_source"] == {"person_id": str(person_id), "deleted": True})

    async def reconcile(self, *, repair: bool = True) -> dict[str, Finding]:
        world = self.world
        reconciler = Reconciler(world.database, self.settings, world.index, world.indexer)
        return {finding.name: finding for finding in await reconciler(repair)}

    async def differing(self, *, repair: bool = True) -> dict[str, tuple[int, int]]:
        """How many differed, and were repaired, by what."""
        found = await self.reconcile(repair=repair)
        return {name: (finding.differing, finding.repaired) for name, finding in found.items() if finding.differing}

    async def shown(self) -> Sequence[str]:
        await self.world.index.refresh(self.world.index.alias)
        return sorted(await self.world.names(limit=100))


@pytest.fixture
async def company(world: World, engines: Engines, topic_prefix: str) -> AsyncIterator[Company]:
    online = {"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix}
    settings = world.api.service.settings.model_copy(update=online)
    topics = Topics(settings)
    company = Company(world, settings, topics, world.versions)
    await world.program()
    yield company
    await topics.close()


async def test_nothing_differs_while_everything_works(company: Company) -> None:
    await company.people(30)
    found = await company.reconcile()
    assert {name: finding.compared for name, finding in found.items()} == {
        "people": 30,
        "availability": 30,
        "blocks": 0,
        "programs": 0,
        "skills": 0,
        "parked documents": 30,
        "live index": 30,
    }
    assert not any(finding.differing for finding in found.values())


async def test_rows_lost_from_the_projection_come_back_from_the_topics(company: Company) -> None:
    people = await company.people(12)
    lost, old = people[0].person_id, people[1].person_id
    await company.publish(people[0].model_copy(update={"name": "Renamed"}))  # the topic knows what the index does not
    await consume_all("search", company.settings, company.world.database, consumers())
    await company.execute("DELETE FROM person WHERE person_id = $1", lost)
    await company.execute("UPDATE person SET profile_version = 0, profile = NULL WHERE person_id = $1", old)
    assert await company.differing() == {"people": (2, 2), "availability": (1, 1)}
    await company.world.settle()
    assert len(await company.shown()) == 12
    assert "Renamed" in await company.shown()
    assert await company.differing() == {}


async def test_every_topic_is_compared(company: Company) -> None:
    await company.publish(company.world.person("Somebody"))
    await company.publish(SkillChangedV1(skill_id=uuid4(), change="created", label="Sewing"))
    await company.consume()
    await company.execute("DELETE FROM skill WHERE label = 'Sewing'")
    found = await company.reconcile()
    assert (found["skills"].differing, found["skills"].repaired) == (1, 1)


async def test_what_is_behind_the_stored_positions_is_lag_and_no_difference(company: Company) -> None:
    (person, *_) = await company.people(3)
    await company.publish(company.world.person("Later"), person.model_copy(update={"name": "Renamed"}))
    assert await company.differing(repair=False) == {}


async def test_a_lost_document_is_indexed_again(company: Company) -> None:
    people = await company.people(8)
    await company.lose_document(people[3].person_id)
    assert len(await company.shown()) == 7
    assert await company.differing() == {"live index": (1, 1)}
    assert len(await company.shown()) == 8


async def test_a_document_of_nobody_is_hidden_and_may_still_become_somebody(company: Company) -> None:
    await company.people(3)
    stranger = company.world.person("Newcomer")
    await company.put_document(stranger.person_id, 40)
    assert await company.differing() == {"live index": (1, 1)}
    assert await company.hidden(stranger.person_id)
    await company.publish(stranger)
    await company.consume()
    assert "Newcomer" in await company.shown()
    assert await company.differing() == {}


async def test_a_document_ahead_of_a_restored_projection_is_replaced(company: Company) -> None:
    """Otherwise every later change would be refused as older, and taken for indexed."""
    people = await company.people(3)
    await company.put_document(people[0].person_id, 40)
    assert await company.differing() == {"live index": (1, 1)}
    await company.publish(people[0].model_copy(update={"name": "Renamed"}))
    await company.consume()
    assert await company.shown() == ["Person 1", "Person 2", "Renamed"]


async def test_people_on_their_way_to_the_index_are_no_difference(company: Company) -> None:
    people = await company.people(3)
    await company.lose_document(people[0].person_id)
    await company.execute("UPDATE person SET doc_version = doc_version + 1 WHERE person_id = $1", people[0].person_id)
    assert await company.differing(repair=False) == {}


async def test_looking_changes_nothing(company: Company) -> None:
    people = await company.people(4)
    await company.lose_document(people[0].person_id)
    await company.execute("UPDATE person SET availability_version = 0 WHERE person_id = $1", people[1].person_id)
    await company.execute("UPDATE person SET index_problem = 'x' WHERE person_id = $1", people[2].person_id)
    found = {"availability": (1, 0), "live index": (1, 0), "parked documents": (1, 0)}
    assert await company.differing(repair=False) == found
    assert await company.differing(repair=False) == found


async def test_a_refused_document_is_tried_once_more(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    people = await company.people(2)
    park = "UPDATE person SET doc_version = doc_version + 1, index_problem = 'x' WHERE person_id = $1"
    await company.execute(park, people[0].person_id)
    send = company.world.index.send

    async def refuse(_: str, documents: Sequence[Any]) -> list[dict[str, Any]]:
        return [{"status": 400, "error": {"type": "mapper_parsing_exception"}} for _ in documents]

    monkeypatch.setattr(company.world.index, "send", refuse)
    assert await company.differing() == {"parked documents": (1, 0)}
    monkeypatch.setattr(company.world.index, "send", send)
    assert await company.differing() == {"parked documents": (1, 1)}
    assert await company.differing() == {}


async def test_two_at_once_repair_the_same_and_both_succeed(company: Company) -> None:
    people = await company.people(40)
    for person in people[:10]:
        await company.lose_document(person.person_id)
    await company.execute("UPDATE person SET profile_version = 0 WHERE person_id = $1", people[20].person_id)
    await asyncio.gather(company.reconcile(), company.reconcile())
    await company.world.settle()
    assert await company.differing(repair=False) == {}
    assert len(await company.shown()) == 40


async def test_one_that_was_killed_is_finished_by_the_next(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    people = await company.people(5)
    await company.lose_document(people[0].person_id)
    run = company.world.indexer.run

    async def crash() -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(company.world.indexer, "run", crash)
    with pytest.raises(KeyboardInterrupt):
        await company.reconcile()
    monkeypatch.setattr(company.world.indexer, "run", run)
    await company.reconcile()
    await company.world.settle()
    assert await company.differing() == {}
    assert len(await company.shown()) == 5


async def test_the_command_prints_what_it_found_and_remembers_it(company: Company) -> None:
    people = await company.people(3)
    assert await run(company, "--check") == (0, "Nothing differs.")
    await company.lose_document(people[0].person_id)
    assert await run(company, "--check") == (1, "1 of 1 differences remain.")
    assert await run(company) == (0, "1 differences were repaired.")
    async with company.world.database.connection() as connection:
        found = await connection.fetchrow("SELECT * FROM reconciliation WHERE name = 'live index'")
    assert found
    assert (found["compared"], found["differing"], found["repaired"]) == (3, 1, 1)


async def test_the_command_says_that_opensearch_is_away(company: Company) -> None:
    await company.people(1)
    away = company.settings.model_copy(update={"opensearch_url": "http://127.0.0.1:1"})
    assert await run(replace(company, settings=away)) == (1, "")


async def run(company: Company, *arguments: str) -> tuple[int | None, str]:
    """The exit status of `reconcile` and its last line."""
    env = {f"FLASH_{name}".upper(): str(value) for name, value in company.settings if value is not None}
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "search_service", "reconcile", *arguments],
        env={**os.environ, **env, "FLASH_LOG_LEVEL": "ERROR"},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await child.communicate()
    return child.returncode, (output.decode().splitlines() or [""])[-1]
