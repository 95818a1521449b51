"""However many race for however few: no mentor takes more than they can, no slot is lost, nobody waits in a circle."""

import asyncio
from random import Random
from uuid import UUID

import pytest
from flash_schemas.erasure import ErasureRequestedV1
from session_service import store
from session_service.erasure import erase

from tests.integration.session.conftest import World
from tests.support.racing import Race, ids
from tests.support.waiting import WAITS_FOR_LOCK, eventually


@pytest.mark.parametrize("seed", range(2))
async def test_two_hundred_learners_race_for_twenty_mentors_of_capacity_two(world: World, seed: int) -> None:
    learners, mentors = ids(200), ids(20)
    await world.people(*learners, *mentors)
    race = Race(world.api.database, world.keyring, world.program_id, learners, mentors, Random(seed))
    await race.run()
    assert await race.check(capacity=2) == 40, "two hundred want forty slots: all are taken"


async def test_who_is_forgotten_is_locked_in_the_order_of_those_who_ask_or_block_them(world: World) -> None:
    async def forget(person_id: UUID) -> None:
        async with world.api.database.transaction() as transaction:
            await erase(transaction, ErasureRequestedV1(person_id=person_id, reason="own_request", profile_version=9))

    mentor = await world.person()
    async with world.api.database.connection() as looker:
        async with world.api.database.transaction() as asking:
            await store.hold_availability(asking, mentor)
            forgetting = asyncio.create_task(forget(mentor))
            await eventually(lambda: looker.fetchval(WAITS_FOR_LOCK))
            await asking.execute("SET LOCAL lock_timeout = '2s'")
            await store.lock_members(asking, mentor)
            await store.lock_blocks(asking, mentor)
        await forgetting
