"""Who is forgotten and still has a token of before: nothing that they would do now is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flash_schemas.erasure import ErasureRequestedV1
from session_service.erasure import erase

from tests.integration.session.conftest import TODAY, World
from tests.integration.session.test_outcome import begun

NEXT_DAY = (datetime.now(UTC) + timedelta(days=1)).isoformat()
STEPS: dict[str, dict[str, Any]] = {
    "schedule": {"starts_at": NEXT_DAY, "place": {"kind": "room", "where": "Mine"}},
    "held": {"held_on": str(TODAY)},
    "not-held": {},
    "cancel": {"reason": "not_given"},
}


async def forgotten(world: World, person_id: UUID) -> None:
    async with world.api.database.transaction() as transaction:
        await transaction.execute("INSERT INTO erasure (person_id, version) VALUES ($1, 9)", person_id)
        await erase(transaction, ErasureRequestedV1(person_id=person_id, reason="own_request", profile_version=9))


@pytest.mark.parametrize("step", STEPS)
async def test_no_step_of_a_session_is_taken_any_more(world: World, step: str) -> None:
    learner, _, path = await begun(world, timedelta(hours=1))
    await forgotten(world, learner)
    said = len(await world.api.events())
    assert (await world.post(learner, f"{path}/{step}", STEPS[step])).status_code == 404
    async with world.api.database.connection() as connection:
        kept = await connection.fetchval("SELECT count(*) FROM session WHERE state = 'accepted' AND place IS NULL")
        stated = await connection.fetchval("SELECT count(*) FROM statement")
    assert (kept, stated) == (1, 0)
    assert len(await world.api.events()) == said


async def test_no_card_is_filled_in_and_nobody_is_wished_to_be_met_again_any_more(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    held, asked = await world.held(learner, mentor), await world.asked(learner, mentor)
    tag = (await world.get(learner, f"/sessions/{asked}")).headers["ETag"]
    await forgotten(world, learner)
    card = {"want_to_learn": "Mine", "format": "call", "minutes": 30}
    assert (await world.call(learner, "PUT", f"/sessions/{asked}/card", card, tag)).status_code == 404
    assert (await world.post(learner, f"/sessions/{held}/meet-again", {"wish": True})).status_code == 404
