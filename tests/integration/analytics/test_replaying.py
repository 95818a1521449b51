"""Everything is counted again from the topics, and comes to the same; what would not, is not begun."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from analytics_service.consumers import consumers, take_facts
from analytics_service.erasure import erasures, take_erasures
from analytics_service.replaying import begin
from analytics_service.settings import Settings
from chassis.consuming import ConsumerComponent
from chassis.failpoints import KILLED, Action, arm
from chassis.kafka import KafkaPublisher
from chassis.replaying import read_extents
from flash_local.engines.every import Engines
from flash_schemas import session as said
from flash_schemas.base import Event
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.profile import UnitRef
from flash_schemas.search import SearchPerformedV1

from tests.integration.analytics.conftest import MARCH, MARCH_10, World, a_profile
from tests.integration.analytics.test_rollups import somebody_waits
from tests.support.commands import run
from tests.support.deliveries import delivery
from tests.support.records import record_of
from tests.support.running import running
from tests.support.topics import Topics
from tests.support.waiting import eventually

SALES = UnitRef(unit_id=UUID(int=2), name="Sales")
TABLES = ("session_fact", "survey_fact", "pair_fact", "search_fact", "rollup_count", "rollup_person", "program", "unit")
EQUAL = "Rollups are what they were."
READERS = [*consumers(), erasures()]


@dataclass
class History:
    """An analytics service that consumes, and topics that hold what happened."""

    world: World
    settings: Settings
    topics: Topics
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def publish(self, *events: Event) -> None:
        """The events are in their topics and counted."""
        await self.topics.send(*(record_of(event, version, MARCH) for version, event in enumerate(events, 1)))
        await self.all_counted()

    async def all_counted(self) -> None:
        extents = await read_extents(self.settings, READERS)

        async def they_are() -> bool:
            async with self.world.database.connection() as connection:
                rows = await connection.fetch("SELECT topic, partition, next_offset FROM consumer_offset")
            stored = {TopicPartition(*row[:2]): row[2] for row in rows}
            return all(extent.read(stored) == extent.length for extent in extents.values())

        await eventually(they_are, deadline_s=30)

    async def some(self) -> None:
        """Ten sessions that were held and rated, searches, people in a department, and the program."""
        for _ in range(10):
            ids = {"session_id": uuid4(), "program_id": self.world.program_id}
            ids |= {"learner_id": uuid4(), "mentor_id": uuid4()}
            search = {"search_id": uuid4(), "searcher_id": uuid4(), "program_id": self.world.program_id}
            events = (
                said.SessionRequestedV1(**ids, format="call", minutes=30, expires_at=MARCH),
                said.SessionAcceptedV1(**ids, capacity_month="2026-03"),
                said.SessionHeldV1(**ids, held_on=MARCH_10),
                said.SurveySentV1(**ids, side="learner"),
                said.SurveyAnsweredV1(**ids, side="learner", helped="solved", rating=5),
                SearchPerformedV1(**search, matching=0, available=0),
                a_profile(uuid4(), SALES),
            )
            await self.topics.send(*(record_of(event, version, MARCH) for version, event in enumerate(events, 1)))
        await self.publish(self.world.a_program())

    async def held(self) -> dict[str, UUID]:
        """One session that was held; its ids."""
        ids = {"session_id": uuid4(), "program_id": self.world.program_id, "learner_id": uuid4(), "mentor_id": uuid4()}
        asked = said.SessionRequestedV1(**ids, format="call", minutes=30, expires_at=MARCH)
        accepted = said.SessionAcceptedV1(**ids, capacity_month="2026-03")
        await self.publish(asked, accepted, said.SessionHeldV1(**ids, held_on=MARCH_10))
        return ids

    async def execute(self, statement: str) -> None:
        async with self.world.database.transaction() as transaction:
            await transaction.execute(statement)

    async def rows(self, *tables: str) -> list[list[tuple[Any, ...]]]:
        async with self.world.database.connection() as connection:
            return [sorted(map(tuple, await connection.fetch(f"SELECT * FROM {table}"))) for table in tables]

    async def replay(self, *arguments: str, **settings: Any) -> tuple[int | None, list[str]]:
        """The command, as a process of its own."""
        return await run("analytics_service", self.settings.model_copy(update=settings), "replay", *arguments)

    async def forget(self, topic: str, before: int) -> None:
        """As retention does: the first records of every partition are gone."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka_bootstrap)
        await admin.start()
        places = [TopicPartition(self.settings.topic_prefix + topic, number) for number in range(2)]
        await admin.delete_records({place: RecordsToDelete(before_offset=before) for place in places})
        await admin.close()


@pytest.fixture
async def history(world: World, engines: Engines, topic_prefix: str) -> AsyncIterator[History]:
    online = {"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix}
    settings: Any = world.api.service.settings.model_copy(update={**online, "position_check_interval_ms": 50})
    history = History(world, settings, Topics(settings))
    components = [ConsumerComponent("analytics", settings, each, KafkaPublisher(settings)) for each in READERS]
    async with history.exits:
        await history.exits.enter_async_context(running(*components, database=world.database))
        yield history
    await history.topics.close()


async def test_everything_counted_again_comes_to_the_same(history: History) -> None:
    await history.some()
    before, report = await history.rows(*TABLES, "person_unit"), await history.world.report()
    status, lines = await history.replay()
    assert (status, lines[-1]) == (0, EQUAL), lines
    assert "read again: facts 60 of 60, directory 11 of 11" in lines
    row = next(line.split() for line in lines if "survey_answered_learner" in line)
    assert row == ["cases", "survey_answered_learner", "10", "10", "0"]
    assert await history.rows(*TABLES, "person_unit") == before
    again = await history.world.report()
    assert {**again, "computed_at": None} == {**report, "computed_at": None}


async def test_figures_that_were_wrong_become_right_and_are_named(history: History) -> None:
    await history.some()
    right = await history.rows("rollup_count")
    await history.execute("UPDATE rollup_count SET amount = amount + 7 WHERE measure = 'search'")
    await history.execute("DELETE FROM session_fact")
    status, lines = await history.replay()
    assert (status, lines[-1]) == (1, "1 rows differ.")
    assert await history.rows("rollup_count") == right
    assert len((await history.rows("session_fact"))[0]) == 10


async def test_where_people_stood_is_kept_though_the_topic_has_only_the_newest(history: History) -> None:
    await history.some()
    past = f"('{uuid4()}', 1, '2026-01-01', '{SALES.unit_id}')"
    await history.execute(f"INSERT INTO person_unit VALUES {past}")
    before = await history.rows("person_unit")
    assert (await history.replay())[0] == 0
    assert await history.rows("person_unit") == before


async def test_who_is_forgotten_stays_in_the_figures_of_their_department(history: History) -> None:
    ids = [await history.held() for _ in range(5)]
    learners = [each["learner_id"] for each in ids]
    await history.publish(history.world.a_program(), *(a_profile(each, SALES) for each in learners))
    await history.publish(*(_to_forget(each) for each in learners))
    before, report = await history.rows(*TABLES, "person_unit"), await history.world.report()
    assert "Sales" in str(report)
    assert (await history.replay())[0] == 0
    await history.all_counted()
    assert await history.rows(*TABLES, "person_unit") == before
    again = await history.world.report()
    assert {**again, "computed_at": None} == {**report, "computed_at": None}


async def test_who_is_forgotten_while_everything_is_counted_again_stays_in_the_figures_too(world: World) -> None:
    ids = await world.ask()
    await world.place(ids["learner_id"], SALES)
    await world.hold(ids)
    await begin(world.database, (), {})
    async with world.database.transaction() as transaction:
        await take_erasures(transaction, [delivery(_to_forget(ids["learner_id"]), 1)])
        assert await transaction.fetchval("SELECT count(*) FROM person_unit") == 1


async def test_what_a_topic_forgot_is_not_thrown_away_unless_wanted(history: History) -> None:
    await history.some()
    before = await history.rows(*TABLES)
    await history.forget("search-events", 1)
    status, lines = await history.replay()
    assert status == 2
    assert lines == ["Not done: the first events of search-events are gone, and so would be what was counted of them."]
    assert await history.rows(*TABLES) == before
    status, lines = await history.replay("--even-if-forgotten")
    assert status == 1
    assert lines[-1].endswith("rows differ.")
    assert len((await history.rows("search_fact"))[0]) < 10


@pytest.mark.parametrize(("at_pass", "done"), [(1, False), (2, True)])
async def test_a_replay_killed_has_happened_or_not(history: History, tmp_path: Path, at_pass: int, done: bool) -> None:
    """Killed before its one commit nothing is emptied; killed while it watches, the consumers go on."""
    await history.some()
    before, positions = await history.rows(*TABLES), await history.rows("consumer_offset")
    arm(tmp_path, "analytics", "transaction.committing", Action(at_pass=at_pass))
    assert (await history.replay(failpoints=str(tmp_path)))[0] == KILLED
    await history.all_counted()
    assert await history.rows(*TABLES) == before
    assert (await history.rows("consumer_offset") != positions) is done  # moved_at
    assert (await history.replay())[1][-1] == EQUAL


async def test_events_that_come_meanwhile_are_counted_once(history: History) -> None:
    await history.some()
    replaying = asyncio.create_task(history.replay())
    while not replaying.done():
        search = {"search_id": uuid4(), "searcher_id": uuid4(), "program_id": history.world.program_id}
        await history.topics.send(record_of(SearchPerformedV1(**search, matching=0, available=0), 1, MARCH))
    await history.all_counted()
    status, lines = await history.replay()
    assert (status, lines[-1]) == (0, EQUAL)
    (searches,) = await history.rows("search_fact")
    assert len(searches) == len(await history.topics.read("search-events"))


async def test_a_batch_at_work_is_waited_for_and_is_emptied_with_the_rest(history: History) -> None:
    extents = await read_extents(history.settings, consumers())
    database, ids = history.world.database, {"session_id": uuid4(), "program_id": history.world.program_id}
    accepted = said.SessionAcceptedV1(**ids, learner_id=uuid4(), mentor_id=uuid4(), capacity_month="2026-03")
    async with database.transaction() as transaction:
        await take_facts(transaction, [delivery(accepted, 1)])
        emptying = asyncio.create_task(begin(database, consumers(), extents))
        await eventually(lambda: somebody_waits(database))
    await emptying
    assert await history.rows("session_fact", "rollup_count") == [[], []]


def _to_forget(person_id: UUID) -> ErasureRequestedV1:
    return ErasureRequestedV1(person_id=person_id, reason="own_request", profile_version=2)
