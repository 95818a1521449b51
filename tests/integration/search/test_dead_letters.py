"""An operator mends what search could not handle, with the commands, while newer events have come long since."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.consumer import Consumer, Delivery
from chassis.consuming import ConsumerComponent
from chassis.database import Transaction
from chassis.failpoints import KILLED, Action, arm
from chassis.kafka import KafkaPublisher
from flash_local.engines.every import Engines
from flash_schemas.profile import UnitRef
from flash_schemas.session import BlockChangedV1
from search_service.consumers import consumers
from search_service.settings import Settings

from tests.integration.search.conftest import World
from tests.support.commands import run
from tests.support.records import record_of
from tests.support.running import running
from tests.support.topics import Topics
from tests.support.waiting import eventually

PEOPLE = "SELECT person_id, profile ->> 'name' AS name, profile_version, doc_version FROM person ORDER BY person_id"


@dataclass
class Company:
    """A search service with its topics, whose consumers cannot handle some people's events."""

    world: World
    settings: Settings
    topics: Topics
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)
    unhandled: set[int] = field(default_factory=set)

    async def start(self) -> None:
        """Run the consumers of a release that fails on the versions in `unhandled`."""
        some = [replace(each, handle=self._failing(each)) for each in consumers()]
        components = [ConsumerComponent("search", self.settings, c, KafkaPublisher(self.settings)) for c in some]
        await self.exits.enter_async_context(running(*components, database=self.world.database))

    def _failing(self, consumer: Consumer) -> Any:
        async def handle(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
            if any(delivery.envelope.aggregate_version in self.unhandled for delivery in deliveries):
                raise ValueError
            await consumer.handle(transaction, deliveries)

        return handle

    async def parked(self, count: int, topic: str = "profile-events") -> None:
        """Wait until so many records are parked."""

        async def they_are() -> bool:
            return len(await self.topics.read(f"{topic}-dlq")) == count

        await eventually(they_are, deadline_s=30)

    async def people(self) -> dict[UUID, tuple[str, int, int]]:
        """Name, version and version of the document of everybody."""
        async with self.world.database.connection() as connection:
            return {row[0]: tuple(row)[1:] for row in await connection.fetch(PEOPLE)}

    async def units(self) -> set[str]:
        async with self.world.database.connection() as connection:
            return {row["name"] for row in await connection.fetch("SELECT name FROM unit")}

    async def types(self, *arguments: str, **settings: Any) -> tuple[int | None, list[str]]:
        """The command line, as a process of its own."""
        return await run("search_service", self.settings.model_copy(update=settings), *arguments)

    async def waiting(self) -> list[str]:
        _, lines = await self.types("dead-letters", "list")
        return [line.split()[0] for line in lines[1:-1]]


@pytest.fixture
async def company(world: World, engines: Engines, topic_prefix: str) -> AsyncIterator[Company]:
    online = {"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix}
    mine: Any = world.api.service.settings.model_copy(update={**online, "position_check_interval_ms": 50})
    company = Company(world, mine, Topics(mine))
    async with company.exits:
        yield company
    await company.topics.close()


async def test_a_state_that_is_handled_late_overtakes_no_newer_one(company: Company) -> None:
    """Two people have a version that could not be handled; of one of them a newer version was."""
    company.unhandled = {2}
    behind, renamed = (company.world.person(name) for name in ("Behind", "Former name"))
    newer = renamed.model_copy(update={"name": "New name"})
    await company.topics.send(record_of(behind, 2), record_of(renamed, 2), record_of(newer, 3))
    await company.start()
    await company.parked(2)
    await eventually(lambda: company.people())
    names = await company.waiting()
    assert [name.rpartition("@")[2] for name in names] == ["search.people"] * 2
    status, lines = await company.types("dead-letters", "replay", "--all")
    assert (status, lines[-1]) == (0, "2 replayed, 0 still bad, 0 had been replayed before.")
    people = await company.people()
    assert {person_id: known[:2] for person_id, known in people.items()} == {
        behind.person_id: ("Behind", 2),
        renamed.person_id: ("New name", 3),
    }
    await company.types("dead-letters", "replay", *names)
    assert await company.people() == people


async def test_of_whom_somebody_blocked_no_tool_shows_anything(company: Company) -> None:
    company.unhandled = {2}
    block = BlockChangedV1(person_id=uuid4(), blocked=(uuid4(),))
    await company.topics.send(record_of(block, 2))
    await company.start()
    await company.parked(1, "block-events")
    _, listed = await company.types("dead-letters", "list")
    (name,) = await company.waiting()
    status, shown = await company.types("dead-letters", "show", name)
    assert status == 0
    assert name in listed[1]
    for hidden in (block.person_id, *block.blocked):
        assert str(hidden) not in "\n".join([*listed, *shown])
    assert (await company.types("dead-letters", "replay", name))[0] == 0


async def test_a_unit_is_called_as_it_was_said_last_though_older_events_are_handled_late(company: Company) -> None:
    company.unhandled = {2}
    unit_id = uuid4()
    person = company.world.person("Somebody")
    called = [("Sales", 1), ("Typo", 2), ("Sales", 3)]
    paths = [(UnitRef(unit_id=unit_id, name=name),) for name, _ in called]
    events = [person.model_copy(update={"unit_path": path}) for path in paths]
    await company.topics.send(*(record_of(event, version) for event, (_, version) in zip(events, called, strict=True)))
    await company.start()
    await company.parked(1)
    assert (await company.types("dead-letters", "replay", "--all"))[0] == 0
    assert await company.units() == {"Sales"}


@pytest.mark.parametrize("point", ["committing", "committed"])
async def test_a_replay_killed_at_any_point_is_repeated_and_each_letter_had_its_effect(
    company: Company, tmp_path: Path, point: str
) -> None:
    company.unhandled = {2}
    people = [company.world.person(f"Person {number}") for number in range(4)]
    await company.topics.send(*(record_of(person, 2) for person in people))
    await company.start()
    await company.parked(4)
    arm(tmp_path, "search", f"transaction.{point}", Action(at_pass=2))
    status, _ = await company.types("dead-letters", "replay", "--all", failpoints=str(tmp_path))
    assert status == KILLED
    done = {"committing": 1, "committed": 2}[point]
    assert len(await company.people()) == done
    assert len(await company.waiting()) == 4 - done
    status, lines = await company.types("dead-letters", "replay", "--all")
    assert (status, lines[-1].split()[0]) == (0, str(4 - done))
    known = await company.people()
    assert {name for name, _, _ in known.values()} == {person.name for person in people}
    assert {version for _, _, version in known.values()} == {1}


async def test_a_record_that_no_release_can_read_is_shown_stays_and_is_dropped(company: Company) -> None:
    bad = replace(record_of(company.world.person("Somebody")), value=b'{"person_id": ')
    await company.topics.send(bad)
    await company.start()
    await company.parked(1)
    (name,) = await company.waiting()
    status, lines = await company.types("dead-letters", "show", name)
    assert status == 0
    assert "today    does not decode: payload: json_invalid" in lines
    assert "hex      7b22706572736f6e5f6964223a20" in lines
    assert (await company.types("dead-letters", "replay", name))[0] == 1
    assert await company.types("dead-letters", "drop", name, "--reason", "cut off") == (0, [f"dropped  {name}"])
    assert await company.waiting() == []
    assert (await company.types("dead-letters", "replay", "profile-events/0/99@search.people"))[0] == 2
    assert (await company.types("dead-letters", "replay"))[0] == 2


async def test_reading_everything_again_changes_nobody(company: Company) -> None:
    await company.start()
    people = [company.world.person(f"Person {number}") for number in range(20)]
    availability = [company.world.availability(person.person_id, 1) for person in people]
    await company.topics.send(*(record_of(event) for event in (*people, *availability)))

    async def all_are_known() -> bool:
        return [version for _, _, version in (await company.people()).values()] == [2] * 20

    await eventually(all_are_known, deadline_s=30)
    before = await company.people()
    status, lines = await company.types("replay")
    read = "people 20 of 20, availability 20 of 20, blocks 0 of 0, programs 0 of 0, skills 0 of 0, erasures 0 of 0"
    assert (status, lines[-1]) == (0, f"read again: {read}")
    assert await company.people() == before
