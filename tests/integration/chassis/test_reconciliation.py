"""Versions are compared by bucket, what is lost is handed on once more, and what was found can be seen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from chassis import metrics
from chassis.comparison import Versions, checksums, differing_buckets, plainly, reconcile_versions
from chassis.consumer import Consumer, Delivery
from chassis.database import Database, Transaction
from chassis.housekeeping import Housekeeping
from chassis.reconciliation import Finding, command, remember, table
from chassis.settings import Settings
from prometheus_client import REGISTRY

from tests.support.aggregates import TOPIC, a_record, an_event
from tests.support.consumers import HANDLE, Kit
from tests.support.records import consume_all

KEPT = Versions("handled", "subject", "version")


@dataclass
class Keeper:
    """A consumer that keeps the newest version of each aggregate, and refuses some."""

    refused: set[UUID] = field(default_factory=set)
    told: list[Collection[UUID]] = field(default_factory=list)

    async def __call__(self, transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        for delivery in sorted(deliveries, key=lambda item: item.envelope.aggregate_version):
            envelope = delivery.envelope
            if envelope.subject in self.refused:
                raise ValueError
            await transaction.execute(
                "DELETE FROM handled WHERE subject = $1 AND version < $2", envelope.subject, envelope.aggregate_version
            )
            if not await transaction.fetchval("SELECT true FROM handled WHERE subject = $1", envelope.subject):
                await transaction.execute(HANDLE, envelope.event_id, envelope.subject, envelope.aggregate_version)

    async def prepare(self, lost: Collection[UUID]) -> None:
        self.told.append(set(lost))

    def consumer(self) -> Consumer:
        return Consumer("taker", (TOPIC,), self)


async def kept(kit: Kit) -> dict[UUID, int]:
    async with kit.database.connection() as connection:
        return await KEPT.within(connection, range(256))


async def execute(kit: Kit, statement: str, *values: Any) -> None:
    async with kit.database.transaction() as transaction:
        await transaction.execute(statement, *values)


async def some(kit: Kit, keeper: Keeper, count: int = 20) -> list[UUID]:
    """Aggregates of which the second version is the newest, consumed."""
    subjects = [uuid4() for _ in range(count)]
    await kit.topics.send(*(a_record(an_event(one), version) for version in (1, 2) for one in subjects))
    await consume_all("test", kit.settings, kit.database, [keeper.consumer()])
    return subjects


async def reconcile(kit: Kit, keeper: Keeper, *, repair: Any = plainly) -> Finding:
    return await reconcile_versions(kit.database, kit.settings, keeper.consumer(), KEPT, "things", repair=repair)


async def test_the_database_and_this_process_make_the_same_checksums(kit: Kit) -> None:
    versions = [(uuid4(), number) for number in range(1, 600)]
    for subject, version in versions:
        await execute(kit, HANDLE, uuid4(), subject, version)
    async with kit.database.connection() as connection:
        assert await KEPT.checksums(connection) == checksums(versions)
        assert sum(count for count, _ in checksums(versions).values()) == len(versions)


def test_a_version_more_or_less_or_another_makes_its_bucket_differ() -> None:
    versions = {uuid4(): 3 for _ in range(1_000)}
    sums, (one, *_) = checksums(versions.items()), versions
    assert differing_buckets(sums, checksums(reversed(versions.items()))) == set()
    for other in ({**versions, one: 4}, {key: 3 for key in versions if key != one}):
        assert differing_buckets(sums, checksums(other.items())) == {one.bytes[-1]}


async def test_what_is_missing_or_older_is_handed_on_once_more(kit: Kit) -> None:
    keeper = Keeper()
    subjects = await some(kit, keeper)
    await execute(kit, "DELETE FROM handled WHERE subject = $1", subjects[0])
    await execute(kit, "UPDATE handled SET version = 1 WHERE subject = $1", subjects[1])
    assert await reconcile(kit, keeper, repair=None) == Finding("things", 20, 2)
    assert await reconcile(kit, keeper, repair=keeper.prepare) == Finding("things", 20, 2, 2)
    assert keeper.told == [set(subjects[:2])]
    assert await kept(kit) == dict.fromkeys(subjects, 2)
    assert await reconcile(kit, keeper) == Finding("things", 20, 0)


async def test_what_is_newer_or_strange_here_is_no_difference(kit: Kit) -> None:
    keeper = Keeper()
    subjects = await some(kit, keeper)
    await execute(kit, "UPDATE handled SET version = 9 WHERE subject = $1", subjects[0])
    await execute(kit, HANDLE, uuid4(), uuid4(), 1)
    assert await reconcile(kit, keeper) == Finding("things", 20, 0, 0, 1)


async def test_what_was_not_consumed_yet_is_no_difference(kit: Kit) -> None:
    keeper = Keeper()
    await some(kit, keeper, 3)
    await kit.topics.send(*(a_record() for _ in range(10)))
    assert await reconcile(kit, keeper) == Finding("things", 3, 0)


async def test_an_event_that_is_refused_holds_up_no_other(kit: Kit) -> None:
    keeper = Keeper()
    subjects = await some(kit, keeper)
    keeper.refused = set(subjects[3:5])
    await execute(kit, "DELETE FROM handled")
    assert await reconcile(kit, keeper) == Finding("things", 20, 20, 18)
    assert set(await kept(kit)) == set(subjects) - keeper.refused


async def test_a_failure_of_the_moment_is_not_taken_for_a_refusal(kit: Kit) -> None:
    keeper = Keeper()
    await some(kit, keeper, 2)
    await execute(kit, "DELETE FROM handled")

    async def locked(_: Transaction, __: Sequence[Delivery]) -> None:
        raise asyncpg.LockNotAvailableError

    consumer = Consumer("taker", (TOPIC,), locked)
    with pytest.raises(asyncpg.LockNotAvailableError):
        await reconcile_versions(kit.database, kit.settings, consumer, KEPT, "things", repair=plainly)


async def test_the_last_findings_are_measured_and_older_ones_forgotten(offline: Settings, database: Database) -> None:
    service = f"test-{uuid4()}"
    keeping = Housekeeping(service, offline, database)

    async def measured(name: str) -> float | None:
        await keeping()
        return REGISTRY.get_sample_value("flash_reconcile_differences", {"service": service, "what": name})

    assert await measured("people") is None
    for findings in ([Finding("people", 9, 4, 4), Finding("old index", 9, 1)], [Finding("people", 9, 0)]):
        async with database.transaction() as transaction:
            await remember(transaction, findings)
        assert await measured("people") == findings[0].differing
    assert await measured("old index") is None
    async with database.connection() as connection:
        ran_at = await connection.fetchval("SELECT ran_at FROM reconciliation")
    assert metrics.RECONCILED.labels(service, "people")._value.get() == ran_at.timestamp()


@pytest.mark.parametrize(
    ("findings", "status", "verdict"),
    [
        ([Finding("people", 9, 0, 0, 3)], 0, "Nothing differs."),
        ([Finding("people", 9, 2, 2), Finding("skills", 1, 1, 1)], 0, "3 differences were repaired."),
        ([Finding("people", 9, 2, 1), Finding("skills", 1, 0)], 1, "1 of 2 differences remain."),
    ],
)
async def test_the_command_fails_while_something_differs(
    database: Database, capsys: pytest.CaptureFixture[str], findings: list[Finding], status: int, verdict: str
) -> None:
    asked: list[bool] = []

    async def found(repair: bool) -> list[Finding]:
        asked.append(repair)
        return findings

    run = command(database, found)
    assert await run(None, ()) == await run(None, ("--check",)) == status
    assert asked == [True, False]
    assert capsys.readouterr().out == f"{table(findings)}\n" * 2
    assert table(findings).splitlines()[-1] == verdict


async def test_a_run_that_reached_no_end_is_not_remembered(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    async def away(_: bool) -> list[Finding]:
        raise TimeoutError

    assert await command(database, away)(None, ()) == 1
    assert capsys.readouterr().err == "Not finished, run it again: TimeoutError()\n"
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM reconciliation") == 0
