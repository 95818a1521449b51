"""The index sink against the same documents sent ready-made, and the time of a search as its caller feels it."""

import time
from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID, uuid4

from chassis.database import Database
from flash_local.engines.every import Engines
from flash_schemas.profile import (
    EligibilityRule,
    Objective,
    ProgramChangedV1,
    RequestPolicy,
    SearchFields,
    SkillChangedV1,
)
from search_service import consumers, store
from search_service.commands import Search, SearchRequest
from search_service.document import document
from search_service.index import Index, Indexer
from search_service.query import Choices
from search_service.settings import Settings
from search_service.store import Pending

from tests.bench.measure import Spent, against_floor, quantiles, spent
from tests.bench.world import SKILLS, TODAY, database_of, person
from tests.support.deliveries import delivery

BATCH = 500
WARM_UP = 20_000
SEARCHES = 300


async def run(engines: Engines, people: int) -> None:
    """Print the figures for so many people."""
    async with database_of(engines, "search") as (database, values):
        settings = Settings(**values)
        index, program_id, searcher_id = Index(settings), uuid4(), uuid4()
        await index.open()
        await _vocabulary_and_program(database, program_id, searcher_id)
        await _people(database, program_id, people)
        ready = await _ready(database, people)
        await _floor(index, ready[:WARM_UP])  # an OpenSearch that has just started takes several times as long
        indexer = Indexer(database, index, BATCH)
        with spent() as ours:
            while await indexer.run():
                pass
        await index.refresh(index.alias)
        floor = await _floor(index, ready)
        against_floor(f"index sink, {people:,} people", ours, floor, people, "documents")
        search = Search(database, index, "")
        await _search(search, program_id, searcher_id, people)
        await index.client.indices.delete(index=f"{index.alias}-*,raw-{index.alias}")
        await index.close()


async def _vocabulary_and_program(database: Database, program_id: UUID, searcher_id: UUID) -> None:
    skills = [SkillChangedV1(skill_id=s, change="created", label=f"Skill {n}") for n, s in enumerate(SKILLS)]
    objective = Objective(objective_id=uuid4(), text="x", metric="connections", target=1, due=TODAY)
    program = ProgramChangedV1(
        program_id=program_id,
        change="created",
        name="Bench",
        status="active",
        objectives=(objective,),
        eligibility=EligibilityRule(),
        search_fields=SearchFields(),
        request_policy=RequestPolicy(),
        owners=(searcher_id,),
        starts_on=TODAY,
    )
    async with database.transaction() as transaction:
        await consumers.take_skills(transaction, [delivery(skill, 1) for skill in skills])
        await consumers.take_programs(transaction, [delivery(program, 1)])


async def _people(database: Database, program_id: UUID, count: int) -> None:
    random = Random(7)
    for start in range(0, count, BATCH):
        events = [person(program_id, start + n, random) for n in range(BATCH)]
        async with database.transaction() as transaction:
            await consumers.take_profiles(transaction, [delivery(event, 1) for event in events])


async def _ready(database: Database, count: int) -> list[tuple[Pending, dict[str, Any]]]:
    async with database.connection() as connection:
        rows = await store.pending(connection, count)
    return [(row, document(row.person_id, row.profile, row.availability, {})) for row in rows]


async def _floor(index: Index, documents: Sequence[tuple[Pending, dict[str, Any]]]) -> Spent:
    """The same documents, made beforehand, into an index of their own."""
    raw = f"raw-{index.alias}"
    await index.drop(raw)
    await index.create(raw)
    with spent() as floor:
        for start in range(0, len(documents), BATCH):
            await index.send(raw, documents[start : start + BATCH])
    return floor


async def _search(search: Search, program_id: UUID, searcher_id: UUID, people: int) -> None:
    random, seconds = Random(8), []
    for number in range(SEARCHES + 50):
        request = SearchRequest(
            program_id=program_id,
            searcher_id=searcher_id,
            text=random.choice((f"who knows Skill {random.randint(0, 299)}", f"project {random.randint(1, 500)}")),
            skills=(),
            choices=Choices(location=("Berlin",) if number % 2 else ()),
            cursor=None,
            limit=20,
            request_id="bench",
        )
        started = time.perf_counter()
        await search.people(request)
        seconds.append(time.perf_counter() - started)
    quantiles(f"search, {people:,} people, with facets and its record", seconds[50:])
