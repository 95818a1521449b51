"""What was lost between the topics and the reports is found, and comes back as if it were consumed now."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from analytics_service import expected
from analytics_service import reconcile as command
from analytics_service.consumers import consumers, keep_facts
from analytics_service.reconcile import Reconciler
from analytics_service.rollup import recompute
from analytics_service.settings import Settings
from chassis.reconciliation import Finding
from flash_local.engines.every import Engines
from flash_schemas import session as said
from flash_schemas.base import Event
from flash_schemas.profile import UnitRef
from flash_schemas.search import SearchPerformedV1

from tests.integration.analytics.conftest import MARCH, MARCH_10, World, a_profile
from tests.support.records import consume_all, record_of
from tests.support.topics import Topics

FACTS = ("session_fact", "survey_fact", "pair_fact", "message_fact", "search_fact")
SALES = UnitRef(unit_id=UUID(int=2), name="Sales")


@dataclass
class History:
    """An analytics service whose topics hold what happened."""

    world: World
    settings: Settings
    topics: Topics
    versions: dict[UUID, int] = field(default_factory=dict)

    async def publish(self, *events: Event, at: Any = MARCH) -> None:
        """The events are in their topics, each with the next version of its aggregate."""
        records = []
        for event in events:
            version = self.versions[event.aggregate_id] = self.versions.get(event.aggregate_id, 0) + 1
            records.append(record_of(event, version, at))
        await self.topics.send(*records)

    async def consume(self) -> None:
        """Everything published is in the facts and in the rollups."""
        await consume_all("analytics", self.settings, self.world.database, consumers())

    def session(self, **values: Any) -> dict[str, UUID]:
        """The ids of a new session."""
        parties = {"learner_id": uuid4(), "mentor_id": uuid4()}
        return {"session_id": uuid4(), "program_id": self.world.program_id, **parties, **values}

    def told(self, ids: dict[str, UUID]) -> list[Event]:
        """All of a session that was held, written in and rated."""
        message = said.MessageSentV1(
            session_id=ids["session_id"],
            program_id=ids["program_id"],
            message_id=uuid4(),
            sender_id=ids["learner_id"],
            recipient_id=ids["mentor_id"],
            sender_role="learner",
            length=12,
            first_reply=False,
        )
        return [
            said.SessionRequestedV1(**ids, format="call", minutes=30, expires_at=MARCH + timedelta(hours=72)),
            message,
            said.SessionAcceptedV1(**ids, capacity_month="2026-03"),
            said.SessionScheduledV1(**ids, starts_at=MARCH),
            said.SessionHeldV1(**ids, held_on=MARCH_10),
            said.SurveySentV1(**ids, side="learner"),
            said.SurveyAnsweredV1(**ids, side="learner", helped="solved", rating=5),
            said.RelationshipMadeV1(**ids, by="both_wished"),
            said.SessionCounterProposedV1(**ids, format="call", minutes=15, times=0),
        ]

    def search(self) -> SearchPerformedV1:
        ids = {"search_id": uuid4(), "searcher_id": uuid4(), "program_id": self.world.program_id}
        return SearchPerformedV1(**ids, matching=0, available=0)

    async def some(self, sessions: int = 5) -> None:
        """Something of every kind, consumed."""
        for _ in range(sessions):
            await self.publish(*self.told(self.session()), self.search(), a_profile(uuid4(), SALES))
        await self.publish(self.world.a_program())
        await self.consume()

    async def execute(self, statement: str, *values: Any) -> None:
        """Something happens to the database that should not."""
        async with self.world.database.transaction() as transaction:
            await transaction.execute(statement, *values)

    async def rows(self, *tables: str) -> list[list[Any]]:
        async with self.world.database.connection() as connection:
            return [sorted(map(tuple, await connection.fetch(f"SELECT * FROM {table}"))) for table in tables]

    async def sums(self) -> list[list[Any]]:
        """The rollups, without what adds up to nothing."""
        rollups = await self.rows("rollup_count", "rollup_person")
        return [[row for row in rows if row[-1]] for rows in rollups]

    async def reconcile(self, *, repair: bool = True) -> dict[str, Finding]:
        reconciler = Reconciler(self.world.database, self.settings)
        return {finding.name: finding for finding in await reconciler(repair)}

    async def differing(self, *, repair: bool = True) -> dict[str, tuple[int, int]]:
        """How many differed, and were repaired, by what."""
        found = await self.reconcile(repair=repair)
        return {name: (finding.differing, finding.repaired) for name, finding in found.items() if finding.differing}

    async def rollups_differ(self) -> int:
        compared = await recompute(self.world.database, self.settings.recompute_chunk_facts, replace=False)
        return sum(row.differing for row in compared)


@pytest.fixture
async def history(world: World, engines: Engines, topic_prefix: str) -> AsyncIterator[History]:
    online = {"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix}
    settings: Any = world.api.service.settings.model_copy(update=online)
    history = History(world, settings, Topics(settings))
    yield history
    await history.topics.close()


async def test_nothing_differs_while_everything_works(history: History) -> None:
    await history.some(5)
    found = await history.reconcile()
    assert not any(finding.differing or finding.only_here for finding in found.values())
    compared = {name: finding.compared for name, finding in found.items() if name != "rollups"}
    kinds = ("session facts", "survey facts", "pair facts", "message facts", "search facts", "places")
    assert compared == dict.fromkeys(kinds, 5) | {"programs": 1}


@pytest.mark.parametrize("table", FACTS)
async def test_lost_facts_come_back_with_what_they_add_to_the_rollups(history: History, table: str) -> None:
    await history.some(6)
    before, sums = await history.rows(*FACTS), await history.sums()
    await history.execute(f"DELETE FROM {table}")
    await recompute(history.world.database, 100)
    assert await history.differing() == {f"{table.replace('_', ' ')}s": (6, 6)}
    assert await history.rollups_differ() == 0
    assert await history.rows(*FACTS) == before
    assert await history.sums() == sums
    assert await history.differing() == {}


async def test_a_step_that_a_fact_lacks_comes_back(history: History) -> None:
    await history.some(3)
    before = await history.rows(*FACTS)
    lost = "held_on = NULL, schedule_version = 0, starts_at = NULL, countered_at = NULL"
    await history.execute(f"UPDATE session_fact SET {lost}")
    await history.execute("UPDATE survey_fact SET rating = NULL")
    await recompute(history.world.database, 100)
    assert await history.differing() == {"session facts": (3, 3), "survey facts": (3, 3)}
    assert await history.rows(*FACTS) == before
    assert await history.differing() == {}


async def test_a_lost_directory_comes_back(history: History) -> None:
    await history.some(4)
    await history.execute("DELETE FROM person_unit")
    await history.execute("DELETE FROM program")
    assert await history.differing() == {"places": (4, 4), "programs": (1, 1)}
    assert [len(rows) for rows in await history.rows("person_unit", "program")] == [4, 1]


async def test_rollups_that_do_not_equal_the_facts_are_replaced(history: History) -> None:
    await history.some(2)
    await history.execute("UPDATE rollup_count SET amount = amount + 7 WHERE measure = 'message'")
    assert await history.differing(repair=False) == {"rollups": (1, 0)}
    assert await history.differing() == {"rollups": (1, 1)}
    assert await history.differing() == {}


async def test_a_fact_of_one_event_that_says_something_else_is_reported_and_stays(history: History) -> None:
    await history.some(2)
    await history.execute("UPDATE search_fact SET available = 9")
    await recompute(history.world.database, 100)
    assert await history.differing() == {"search facts": (2, 0)}


async def test_what_is_behind_the_stored_positions_is_lag_and_no_difference(history: History) -> None:
    await history.some(2)
    await history.publish(*history.told(history.session()), history.search(), a_profile(uuid4(), SALES))
    assert await history.differing(repair=False) == {}


async def test_what_the_topics_have_forgotten_is_no_difference(history: History) -> None:
    await history.some(2)
    ids = history.session()
    await history.world.say(*history.told(ids)[:1])  # heard, but in no topic any more
    await history.publish(*history.told(ids)[2:3])
    await history.consume()
    await history.world.search(3)
    found = await history.reconcile()
    assert not any(finding.differing for finding in found.values())
    assert {name: finding.only_here for name, finding in found.items() if finding.only_here} == {"search facts": 1}


async def test_looking_changes_nothing(history: History) -> None:
    await history.some(3)
    await history.execute("DELETE FROM message_fact")
    await history.execute("DELETE FROM person_unit")
    await history.execute("DELETE FROM program")
    before = await history.rows(*FACTS, "rollup_count", "rollup_person", "program", "person_unit")
    found = await history.differing(repair=False)
    assert found == {"message facts": (3, 0), "places": (3, 0), "programs": (1, 0), "rollups": (7, 0)}
    assert await history.rows(*FACTS, "rollup_count", "rollup_person", "program", "person_unit") == before


async def test_two_at_once_repair_once(history: History) -> None:
    await history.some(5)
    before = await history.sums()
    for table in FACTS:
        await history.execute(f"DELETE FROM {table}")
    await recompute(history.world.database, 100)
    one, other = await asyncio.gather(history.reconcile(), history.reconcile())
    assert sorted((one["session facts"].differing, other["session facts"].differing)) == [0, 5]
    assert await history.sums() == before


async def test_what_a_killed_one_left_behind_is_not_expected(history: History) -> None:
    await history.some(1)
    await history.execute("INSERT INTO expected_search_fact SELECT * FROM search_fact")
    await history.execute("UPDATE expected_search_fact SET search_id = $1", uuid4())
    assert await history.differing() == {}


async def test_one_that_was_killed_is_finished_by_the_next(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    await history.some(4)
    for table in FACTS:
        await history.execute(f"DELETE FROM {table}")
    await recompute(history.world.database, 100)
    kept = 0

    async def crash(transaction: Any, facts: Any) -> None:
        nonlocal kept
        await keep_facts(transaction, facts)
        kept += 1
        if kept == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "keep_facts", crash)
    with pytest.raises(KeyboardInterrupt):
        await history.reconcile()
    monkeypatch.setattr(command, "keep_facts", keep_facts)
    async with history.world.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM expected_session_fact"), "it left something behind"
    await history.reconcile()
    assert await history.differing() == {}
    assert await history.rollups_differ() == 0


async def test_live_consuming_goes_on_meanwhile(history: History) -> None:
    await history.some(3)
    async with expected.alone(history.world.database):
        await history.publish(*history.told(history.session()))
        await history.consume()
    assert await history.differing() == {}


async def test_the_command_prints_what_it_found_and_the_metrics_know(history: History) -> None:
    await history.some(2)
    assert await run(history, "--check") == (0, "Nothing differs.")
    await history.execute("DELETE FROM message_fact")
    await recompute(history.world.database, 100)
    assert await run(history, "--check") == (1, "2 of 2 differences remain.")
    assert await run(history) == (0, "2 differences were repaired.")
    async with history.world.database.connection() as connection:
        found = await connection.fetchrow("SELECT * FROM reconciliation WHERE name = 'message facts'")
    assert found
    assert (found["compared"], found["differing"], found["repaired"]) == (2, 2, 2)
    assert (await run(history, "--repair"))[0] == 2


async def run(history: History, *arguments: str) -> tuple[int | None, str]:
    """The exit status of `reconcile` and its last line."""
    env = {f"FLASH_{name}".upper(): str(value) for name, value in history.settings if value is not None}
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "analytics_service", "reconcile", *arguments],
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await child.communicate()
    return child.returncode, (output.decode().splitlines() or [""])[-1]
