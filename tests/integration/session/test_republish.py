"""What mentors can take can be said once more, as it is now and with the version it has."""

from typing import Any
from uuid import UUID

import pytest
from flash_schemas.session import AvailabilityChangedV1
from session_service import republish as command

from tests.integration.session.conftest import World


async def newest(world: World) -> dict[UUID, tuple[Any, int]]:
    said = await world.api.events(AvailabilityChangedV1)
    return {event.person_id: (event, version) for event, version in said}


@pytest.mark.parametrize("limit", [1, 200])
async def test_everything_is_said_again_as_it_is_now(world: World, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    learner, *mentors = [await world.person() for _ in range(4)]
    for mentor in mentors:
        await world.held(learner, mentor)
    before = await newest(world)
    assert before.keys() == set(mentors)
    async with world.api.database.transaction() as transaction:
        await transaction.execute("TRUNCATE outbox")
        await transaction.execute("INSERT INTO availability (person_id) VALUES ($1)", learner)  # never said
    monkeypatch.setattr(command, "LIMIT", limit)
    assert await command.republish(world.api.service) == 0
    assert await newest(world) == before
    assert len(await world.api.events()) == len(before), "each once"


@pytest.mark.parametrize("name", ["republish", "rewrap"])
async def test_a_command_that_has_no_check_does_not_do_its_work_instead(world: World, name: str) -> None:
    await world.held(await world.person(), await world.person())
    before = await world.api.events()
    with pytest.raises(SystemExit, match="2"):
        await world.api.service.commands[name](world.api.service, ["--check"])
    assert await world.api.events() == before
