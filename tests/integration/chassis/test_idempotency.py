"""A repeated request has its effect once, whenever and however often it comes again."""

import asyncio
from uuid import UUID, uuid4

import pytest
from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.idempotency import forget_expired, once
from chassis.problems import Conflict, Refused
from chassis.settings import Settings
from pydantic import BaseModel

from tests.support.aggregates import change
from tests.support.waiting import WAITS_FOR_LOCK, eventually

CALLER = Caller("ada", frozenset({"employee"}))


class Rename(BaseModel):
    label: str


class Move(BaseModel):
    label: str


class Renamed(BaseModel):
    aggregate_id: UUID
    version: int


async def rename(
    transaction: Transaction, aggregate_id: UUID, key: str | None, request: BaseModel, caller: Caller = CALLER
) -> Renamed:
    """A command that bumps the aggregate's version each time it really runs."""

    async def run() -> Renamed:
        return Renamed(aggregate_id=aggregate_id, version=await change(transaction, aggregate_id))

    return await once(transaction, caller, key, request, Renamed, run)


async def renamed(database: Database, aggregate_id: UUID, key: str | None, label: str = "A") -> Renamed:
    async with database.transaction() as transaction:
        return await rename(transaction, aggregate_id, key, Rename(label=label))


async def version_of(database: Database, aggregate_id: UUID) -> int:
    async with database.connection() as connection:
        return int(await connection.fetchval("SELECT version FROM aggregate WHERE aggregate_id = $1", aggregate_id))


async def test_the_same_request_gets_the_same_answer_and_has_its_effect_once(database: Database) -> None:
    aggregate_id, key = uuid4(), str(uuid4())
    first = await renamed(database, aggregate_id, key)
    assert [await renamed(database, aggregate_id, key) for _ in range(3)] == [first] * 3
    assert await version_of(database, aggregate_id) == 1


async def test_without_a_key_every_request_counts(database: Database) -> None:
    aggregate_id = uuid4()
    assert [(await renamed(database, aggregate_id, None)).version for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("other", [Rename(label="B"), Move(label="A")], ids=["another body", "another command"])
async def test_a_key_that_came_with_another_request_is_refused_by_name(database: Database, other: BaseModel) -> None:
    aggregate_id, key = uuid4(), str(uuid4())
    await renamed(database, aggregate_id, key)
    with pytest.raises(Refused) as refusal:
        async with database.transaction() as transaction:
            await rename(transaction, aggregate_id, key, other)
    assert refusal.value.status == 422
    assert refusal.value.extras["errors"][0]["field"] == "Idempotency-Key"
    assert await version_of(database, aggregate_id) == 1


async def test_two_callers_may_choose_the_same_key(database: Database) -> None:
    aggregate_id, key = uuid4(), str(uuid4())
    async with database.transaction() as transaction:
        await rename(transaction, aggregate_id, key, Rename(label="A"))
        second = await rename(transaction, aggregate_id, key, Rename(label="A"), Caller("bob", frozenset()))
    assert second.version == 2


async def test_requests_with_one_key_at_the_same_time_have_one_effect_and_one_answer(database: Database) -> None:
    aggregate_id, key = uuid4(), str(uuid4())
    answers = await asyncio.gather(*(renamed(database, aggregate_id, key) for _ in range(8)))
    assert answers == [Renamed(aggregate_id=aggregate_id, version=1)] * 8
    assert await version_of(database, aggregate_id) == 1


async def test_a_second_request_takes_over_when_the_first_is_rolled_back(database: Database) -> None:
    aggregate_id, key = uuid4(), str(uuid4())
    async with database.connection() as first:
        rolled_back = first.transaction()
        await rolled_back.start()
        await rename(first, aggregate_id, key, Rename(label="A"))
        second = asyncio.create_task(renamed(database, aggregate_id, key))
        async with database.connection() as observer:
            await eventually(lambda: observer.fetchval(WAITS_FOR_LOCK))
        await rolled_back.rollback()
    assert (await second).version == 1
    assert await version_of(database, aggregate_id) == 1


async def test_a_second_request_that_has_waited_too_long_is_told_that_the_first_still_runs(offline: Settings) -> None:
    hasty, aggregate_id, key = Database(offline.model_copy(update={"lock_timeout_ms": 50})), uuid4(), str(uuid4())
    await hasty.open()
    async with hasty.transaction() as transaction:
        await rename(transaction, aggregate_id, key, Rename(label="A"))
        with pytest.raises(Conflict) as refusal:
            await renamed(hasty, aggregate_id, key)
    await hasty.close()
    assert refusal.value.status == 409
    assert "still running" in str(refusal.value.detail)


async def test_a_key_is_forgotten_after_its_time_and_not_before(database: Database) -> None:
    aggregate_id, key = uuid4(), str(uuid4())
    await renamed(database, aggregate_id, key)
    for keep_hours, version in ((1, 1), (0, 2)):
        async with database.transaction() as transaction:
            assert not await forget_expired(transaction, keep_hours)
        assert (await renamed(database, aggregate_id, key)).version == version
