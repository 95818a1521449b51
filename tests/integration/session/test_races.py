"""However many race for however few: no mentor takes more than they can, and no slot is lost."""

from random import Random

import pytest

from tests.integration.session.conftest import World
from tests.support.racing import Race, ids


@pytest.mark.parametrize("seed", range(2))
async def test_two_hundred_learners_race_for_twenty_mentors_of_capacity_two(world: World, seed: int) -> None:
    learners, mentors = ids(200), ids(20)
    await world.people(*learners, *mentors)
    race = Race(world.api.database, world.keyring, world.program_id, learners, mentors, Random(seed))
    await race.run()
    assert await race.check(capacity=2) == 40, "two hundred want forty slots: all are taken"
