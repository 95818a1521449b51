"""After a restore a service outranks what its topics hold, and ends for the others what it does not know any more."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka.errors import KafkaError
from chassis import outbox
from chassis.comparison import Versions
from chassis.consumer import Delivery
from chassis.database import Database, Transaction
from chassis.kafka import KafkaPublisher
from chassis.outbox import Outgoing
from chassis.relay import Relay
from chassis.restoring import Kind, restored
from chassis.runtime import Service
from chassis.settings import Settings
from flash_schemas.profile import SkillChangedV1

from tests.support.aggregates import TOPIC, a_record, an_event, change, envelopes
from tests.support.topics import Topics
from tests.support.waiting import WAITS_FOR_LOCK, eventually

KEPT = Versions("aggregate", "aggregate_id", "version")
BACK_TO = "UPDATE aggregate SET version = $2 WHERE aggregate_id = $1"
FORGET = "DELETE FROM aggregate WHERE aggregate_id = $1"
OUTBOX = "SELECT aggregate_id, aggregate_version, payload FROM outbox ORDER BY id"
EMPTY = "TRUNCATE outbox"


async def say_again(transaction: Transaction, published: Mapping[UUID, int]) -> list[Outgoing]:
    """Whatever is raised says that it is as it was restored."""
    raised = await KEPT.outrank(transaction, published)
    return [Outgoing(an_event(key, "Restored"), published[key] + 1) for key in raised]


async def make_and_say(transaction: Transaction, published: Mapping[UUID, int]) -> list[Outgoing]:
    query = "INSERT INTO aggregate SELECT unnest($1::uuid[]), 0 ON CONFLICT DO NOTHING"
    await transaction.execute(query, list(published))
    return await say_again(transaction, published)


def retired(told: Sequence[Delivery]) -> SkillChangedV1 | None:
    newest: Any = told[-1].event
    return None if newest.retired else newest.model_copy(update={"retired": True})


ENDING = Kind("things", (TOPIC,), KEPT, say_again, ending=retired)
MAKING = Kind("things", (TOPIC,), KEPT, make_and_say, makes_unknown=True)
REPORTED = Kind("things", (TOPIC,), KEPT)


@dataclass
class World:
    """A service whose database can be put back, and its topics."""

    service: Service
    topics: Topics

    @property
    def database(self) -> Database:
        return self.service.database

    async def changed(self, aggregate_id: UUID, times: int = 1) -> None:
        for _ in range(times):
            async with self.database.transaction() as transaction:
                await change(transaction, aggregate_id)

    async def publish(self) -> None:
        """What the outbox holds is in the topics."""
        connection = await self.database.dedicated()
        publisher = KafkaPublisher(self.service.settings)
        try:
            await Relay("test", self.service.settings, publisher).publish_window(connection)
        finally:
            await publisher.close()
            await connection.close()

    async def execute(self, statement: str, *values: Any) -> None:
        async with self.database.transaction() as transaction:
            await transaction.execute(statement, *values)

    async def made(self, versions: Mapping[UUID, int]) -> None:
        """Aggregates that were changed so often, and all of it is published and forgotten by the outbox."""
        for aggregate_id, version in versions.items():
            await self.changed(aggregate_id, version)
        await self.publish()
        await self.execute(EMPTY)

    async def mend(self, *kinds: Kind, limit: int = 100, check: bool = False) -> int:
        return await restored(self.service, kinds or (ENDING,), limit, ["--check"] if check else [])

    async def said(self) -> list[tuple[UUID, int, str]]:
        async with self.database.connection() as connection:
            rows = await connection.fetch(OUTBOX)
        return [(r["aggregate_id"], r["aggregate_version"], SkillChangedV1.read(r["payload"]).label) for r in rows]

    async def versions(self) -> dict[UUID, int]:
        async with self.database.connection() as connection:
            return {row["aggregate_id"]: row["version"] for row in await connection.fetch("SELECT * FROM aggregate")}


@pytest.fixture
async def world(settings: Settings, database: Database, topics: Topics) -> World:
    return World(Service("test", settings, database), topics)


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_what_is_behind_its_topic_is_raised_above_it_and_said_again(world: World, limit: int) -> None:
    behind, level = [uuid4() for _ in range(5)], uuid4()
    await world.made({**dict.fromkeys(behind, 4), level: 4})
    for aggregate_id in behind:
        await world.execute(BACK_TO, aggregate_id, 2)
    assert await world.mend(limit=limit) == 0
    assert sorted(await world.said()) == sorted((aggregate_id, 5, "Restored") for aggregate_id in behind)
    assert await world.versions() == {**dict.fromkeys(behind, 5), level: 4}


async def test_a_second_run_finds_nothing_to_do_published_or_not(world: World) -> None:
    behind, unknown = uuid4(), uuid4()
    await world.made({behind: 3, unknown: 2})
    await world.execute(BACK_TO, behind, 1)
    await world.execute(FORGET, unknown)
    await world.mend()
    said = await world.said()
    assert len(said) == 2
    await world.mend()
    assert await world.said() == said, "what waits in the outbox is known"
    await world.publish()
    await world.execute(EMPTY)
    await world.mend()
    assert await world.said() == [], "what is in the topic is known"


async def test_what_only_the_topic_knows_is_ended_above_its_version(world: World) -> None:
    unknown, over = uuid4(), uuid4()
    await world.made({unknown: 3})
    await world.execute(FORGET, unknown)
    ended = an_event(over).model_copy(update={"retired": True})
    await world.topics.send(a_record(an_event(over), 1), a_record(ended, 2))
    await world.mend()
    await world.publish()
    records = [envelope for envelope in envelopes(await world.topics.read(TOPIC)) if envelope.aggregate_version == 4]
    assert [envelope.subject for envelope in records] == [unknown]
    assert (await world.said())[0][2] == "Knitting", "as it was last said"


async def test_what_ends_nowhere_can_be_made_as_it_would_be_for_anybody(world: World) -> None:
    unknown = uuid4()
    await world.made({unknown: 3})
    await world.execute(FORGET, unknown)
    await world.mend(MAKING)
    assert await world.versions() == {unknown: 4}
    assert await world.said() == [(unknown, 4, "Restored")]


async def test_what_can_only_be_told_of_is_in_the_report(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    gone, behind = uuid4(), uuid4()
    await world.made({gone: 3, behind: 3})
    await world.execute(FORGET, gone)
    await world.execute(BACK_TO, behind, 1)
    assert await world.mend(REPORTED, check=True) == 0, "nothing can be done"
    printed = capsys.readouterr().out
    assert lines_of(printed, gone) == [["things", str(gone), "3", "-", "-", "gone"]]
    assert lines_of(printed, behind) == []
    assert printed.splitlines()[-1] == "Nothing is left to do."


def lines_of(printed: str, aggregate_id: UUID) -> list[list[str]]:
    return [line.split() for line in printed.splitlines() if str(aggregate_id) in line]


async def test_the_report_counts_by_kind_and_names_each_with_its_versions(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    behind, unknown = uuid4(), uuid4()
    await world.made({behind: 6, unknown: 2})
    await world.execute(BACK_TO, behind, 4)
    await world.execute(FORGET, unknown)
    assert await world.mend(check=True) == 1
    looked = capsys.readouterr().out
    assert await world.said() == []
    assert await world.versions() == {behind: 4}
    await world.mend()
    mended = capsys.readouterr().out
    assert "things  1       0     1      0" in looked
    assert "things  1       0     1      0" in mended
    assert lines_of(looked, behind) == [["things", str(behind), "6", "4", "-", "raised"]]
    assert lines_of(mended, behind) == [["things", str(behind), "6", "4", "7", "raised"]]
    assert lines_of(mended, unknown) == [["things", str(unknown), "2", "-", "3", "ended"]]
    assert looked.splitlines()[-1] == "2 are to be mended; nothing was changed."
    assert mended.splitlines()[-1] == "2 were mended."


async def test_one_that_was_killed_goes_on_where_it_stopped(world: World) -> None:
    behind = sorted(uuid4() for _ in range(6))
    await world.made(dict.fromkeys(behind, 3))
    for aggregate_id in behind:
        await world.execute(BACK_TO, aggregate_id, 1)
    pages = 0

    async def crash(transaction: Transaction, published: Mapping[UUID, int]) -> list[Outgoing]:
        nonlocal pages
        pages += 1
        said = await say_again(transaction, published)
        if pages == 3:
            raise KeyboardInterrupt
        return said

    with pytest.raises(KeyboardInterrupt):
        await world.mend(Kind("things", (TOPIC,), KEPT, crash), limit=2)
    assert [aggregate_id for aggregate_id, *_ in await world.said()] == behind[:4]
    await world.mend(limit=2)
    assert [aggregate_id for aggregate_id, *_ in await world.said()] == behind, "each once"


async def test_two_runs_at_once_end_and_raise_each_once(world: World) -> None:
    behind, unknown = [uuid4() for _ in range(5)], [uuid4() for _ in range(5)]
    await world.made(dict.fromkeys(behind + unknown, 2))
    for one, other in zip(behind, unknown, strict=True):
        await world.execute(BACK_TO, one, 1)
        await world.execute(FORGET, other)
    await asyncio.gather(world.mend(limit=1), world.mend(limit=1))
    assert sorted(aggregate_id for aggregate_id, *_ in await world.said()) == sorted(behind + unknown)


async def test_a_service_that_wrote_too_early_is_raised_above_both_histories(world: World) -> None:
    aggregate_id, repeated = uuid4(), uuid4()
    await world.made({aggregate_id: 3, repeated: 2})
    await world.execute(BACK_TO, aggregate_id, 2)
    async with world.database.transaction() as transaction:
        assert await change(transaction, aggregate_id, "Another history") == 3
        await outbox.append(transaction, [Outgoing(an_event(repeated), 2)])  # said again, as republish does
    await world.publish()
    await world.execute(EMPTY)
    await world.mend()
    assert await world.said() == [(aggregate_id, 4, "Restored")]


async def test_a_change_at_work_is_waited_for_and_not_taken_back(world: World) -> None:
    aggregate_id = uuid4()
    await world.made({aggregate_id: 5})
    await world.execute(BACK_TO, aggregate_id, 2)
    async with world.database.transaction() as transaction:
        await transaction.execute(BACK_TO, aggregate_id, 9)
        mending = asyncio.create_task(world.mend())
        await eventually(lambda: somebody_waits(world))
    await mending
    assert await world.versions() == {aggregate_id: 9}
    assert await world.said() == []


async def somebody_waits(world: World) -> bool:
    async with world.database.connection() as connection:
        return bool(await connection.fetchval(WAITS_FOR_LOCK))


async def test_what_nobody_can_read_is_passed_over(world: World) -> None:
    behind = uuid4()
    await world.made({behind: 3})
    await world.execute(BACK_TO, behind, 1)
    await world.topics.send(a_record(an_event(behind), 99, type="flash.nothing.v1"))
    await world.mend()
    assert await world.versions() == {behind: 4}


async def test_an_outbox_of_another_cluster_goes_out_once_more(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    ahead = "UPDATE outbox_cursor SET snapshot = '2000000000:2000000000:'"
    await world.execute(ahead)
    await world.mend(check=True)
    assert "another cluster" not in capsys.readouterr().out
    await world.mend()
    assert "another cluster" in capsys.readouterr().out


async def test_without_kafka_it_ends_with_what_is_told_to_run_it_again(world: World) -> None:
    world.service.settings = world.service.settings.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    with pytest.raises(KafkaError):
        await world.mend()
