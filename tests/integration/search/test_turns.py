"""Transactions that take several rows take them in one order, so that no two wait for each other."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import pytest
from chassis.database import Transaction
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.profile import SkillChangedV1
from search_service import store
from search_service.erasure import take_erasures

from tests.integration.search.conftest import HANDLERS, World
from tests.support.deliveries import delivery
from tests.support.waiting import WAITS_FOR_LOCK, eventually

SKILL = "11111111-1111-4111-8111-111111111111"
TakeSeveral = Callable[[Transaction, list[UUID]], Coroutine[Any, Any, object]]


async def forget(transaction: Transaction, people: list[UUID]) -> None:
    """Requests that come in this order."""
    requests = (ErasureRequestedV1(person_id=each, reason="own_request", profile_version=9) for each in people)
    await take_erasures(transaction, [delivery(request, 1) for request in requests])


TAKE_SEVERAL: dict[str, TakeSeveral] = {
    "marked": lambda t, people: store.mark_indexed(t, [store.Indexed(each, 0, 1) for each in people]),
    "indexed again": store.index_again,
    "all indexed again": lambda t, _: store.index_all_again(t),
    "refused ones tried again": lambda t, _: store.try_parked(t),
    "a skill of theirs merged": lambda t, _: t.execute(store.INDEX_AGAIN_WITH_SKILLS, [SKILL]),
    "forgotten": forget,
}


@pytest.mark.parametrize("take_several", TAKE_SEVERAL.values(), ids=TAKE_SEVERAL)
async def test_whoever_takes_several_people_takes_them_by_id_so_that_no_two_wait_for_each_other(
    world: World, take_several: TakeSeveral
) -> None:
    touch = "UPDATE person SET changed_at = now() WHERE person_id = $1"
    await world.program()
    await world.say(world.person("One"), world.person("Two"))
    async with world.database.connection() as looker:
        people = [row["person_id"] for row in await looker.fetch("SELECT person_id FROM person ORDER BY person_id")]
        await looker.execute("UPDATE person SET index_problem = 'x', profile = $1", {"skills": [{"skill_id": SKILL}]})
        await looker.execute(touch, people[0])  # its row comes last in the table from now on
        async with world.database.transaction() as news:
            await news.execute(touch, people[0])
            taking = asyncio.create_task(_in_one(world, take_several, people[::-1]))
            await eventually(lambda: looker.fetchval(WAITS_FOR_LOCK))
            await news.execute("SET LOCAL lock_timeout = '2s'")
            await news.execute(touch, people[1])
        await taking


async def test_a_merged_skill_takes_people_before_the_vocabulary_as_news_of_people_do(world: World) -> None:
    skill_id = await world.skill("Kotlin")
    await world.program()
    person = world.person("One", (skill_id, 3))
    await world.say(person)
    merged = SkillChangedV1(skill_id=skill_id, change="merged", label="Kotlin", merged_into=await world.skill("Java"))
    renamed = world.person("One", (skill_id, 3), person_id=person.person_id, units=("Borealis",))
    async with world.database.connection() as looker, world.database.transaction() as news:
        await news.execute("SELECT FROM person FOR UPDATE")
        taking = asyncio.create_task(world.hear(merged, 2))
        await eventually(lambda: looker.fetchval(WAITS_FOR_LOCK))
        await news.execute("SET LOCAL lock_timeout = '2s'")
        await HANDLERS[type(renamed)](news, [delivery(renamed, 2)])
    await taking


async def _in_one(world: World, take_several: TakeSeveral, people: list[UUID]) -> None:
    async with world.database.transaction() as transaction:
        await take_several(transaction, people)
