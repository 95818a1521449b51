"""What became of a session, as each of the two says; what they say stays between them."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flash_schemas.session import (
    AvailabilityChangedV1,
    SessionHeldV1,
    SessionNotHeldV1,
    SessionSolvedInChatV1,
)
from session_service.commands import conclude_missed

from tests.integration.session.conftest import TODAY, World

HELD = {"held_on": str(TODAY)}


async def begun(world: World, ago: timedelta) -> tuple[UUID, UUID, str]:
    """A session whose agreed time was some while ago: learner, mentor, path."""
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    path = f"/sessions/{session_id}"
    assert (await world.post(mentor, f"{path}/accept")).status_code == 200
    in_time = {"starts_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    assert (await world.post(learner, f"{path}/schedule", in_time)).status_code == 200
    await started(world, session_id, ago)
    return learner, mentor, path


async def started(world: World, session_id: str, ago: timedelta) -> None:
    async with world.api.database.connection() as connection:
        query = "UPDATE session SET starts_at = now() - $2::interval WHERE session_id = $1"
        await connection.execute(query, UUID(session_id), ago)


async def slots_left(world: World, mentor: UUID) -> int:
    left: int = (await world.get(mentor, "/me/availability")).json()["slots_left"]
    return left


async def test_one_word_that_they_met_is_enough_and_the_other_may_say_so_too(world: World) -> None:
    learner, mentor, path = await begun(world, timedelta(hours=1))
    for by in (learner, mentor, learner):
        assert (await world.post(by, f"{path}/held", HELD)).json()["state"] == "held"
    assert len(await world.api.events(SessionHeldV1)) == 1
    assert (await world.get(mentor, f"{path}/statements")).json() == {"learner": "held", "mentor": "held"}


async def test_a_session_is_not_held_once_both_say_so_and_its_slot_is_free_again(world: World) -> None:
    learner, mentor, path = await begun(world, timedelta(minutes=11))
    before = await slots_left(world, mentor)
    assert (await world.post(learner, f"{path}/not-held")).json()["state"] == "accepted"
    assert await slots_left(world, mentor) == before
    assert (await world.post(mentor, f"{path}/not-held")).json()["state"] == "not_held"
    assert await slots_left(world, mentor) == before + 1
    assert (await world.post(mentor, f"{path}/not-held")).json()["state"] == "not_held"
    assert len(await world.api.events(SessionNotHeldV1)) == 1
    assert (await world.api.events(AvailabilityChangedV1))[-1][0].slots_left == before + 1
    assert (await world.post(learner, f"{path}/held", HELD)).status_code == 409


async def test_both_saying_so_at_the_same_moment_end_it_once(world: World) -> None:
    for _ in range(4):
        learner, mentor, path = await begun(world, timedelta(hours=1))
        await asyncio.gather(*(world.post(by, f"{path}/not-held") for by in (learner, mentor)))
        assert (await world.get(learner, path)).json()["state"] == "not_held"
    assert len(await world.api.events(SessionNotHeldV1)) == 4


async def test_the_other_may_say_that_they_met_after_all_and_both_statements_stay(world: World) -> None:
    learner, mentor, path = await begun(world, timedelta(hours=1))
    await world.post(learner, f"{path}/not-held")
    assert (await world.post(mentor, f"{path}/held", HELD)).json()["state"] == "held"
    for by in (learner, mentor):
        assert (await world.get(by, f"{path}/statements")).json() == {"learner": "not_held", "mentor": "held"}
    survey = {"helped": "solved", "rating": 5}
    assert (await world.post(learner, f"{path}/survey", survey)).status_code == 409, "they say that there was nothing"
    assert (await world.post(mentor, f"{path}/survey", survey)).status_code == 204


async def test_one_may_object_to_what_the_other_said_but_not_to_oneself(world: World) -> None:
    learner, mentor, path = await begun(world, timedelta(hours=1))
    await world.post(learner, f"{path}/held", HELD)
    assert (await world.post(learner, f"{path}/not-held")).status_code == 409
    assert (await world.post(mentor, f"{path}/not-held")).json()["state"] == "held"
    assert (await world.get(learner, f"{path}/statements")).json() == {"learner": "held", "mentor": "not_held"}
    assert await world.api.events(SessionNotHeldV1) == []


async def test_what_nobody_objects_to_in_time_holds(world: World) -> None:
    learner, mentor, path = await begun(world, timedelta(hours=1))
    await begun(world, timedelta(days=8))
    await world.post(mentor, f"{path}/not-held")
    assert await conclude_missed(world.api.database, 50) is False
    assert await world.state(learner, path.split("/")[-1]) == "accepted"
    await started(world, path.split("/")[-1], timedelta(days=7, minutes=1))
    assert await conclude_missed(world.api.database, 1) is True
    assert await conclude_missed(world.api.database, 1) is False
    assert await world.state(learner, path.split("/")[-1]) == "not_held"
    ended = [str(event.session_id) for event, _ in await world.api.events(SessionNotHeldV1)]
    assert ended == [path.split("/")[-1]], "nothing ends of which nobody said anything"


@pytest.mark.parametrize("ago", [timedelta(minutes=9), timedelta(days=7, minutes=1)])
async def test_a_no_show_is_reported_neither_too_early_nor_too_late(world: World, ago: timedelta) -> None:
    learner, _, path = await begun(world, ago)
    assert (await world.post(learner, f"{path}/not-held")).status_code == 409


async def test_another_time_begins_anew(world: World) -> None:
    learner, mentor, path = await begun(world, timedelta(hours=1))
    await world.post(learner, f"{path}/not-held")
    again = {"starts_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    assert (await world.post(mentor, f"{path}/schedule", again)).status_code == 200
    assert (await world.get(learner, f"{path}/statements")).json() == {"learner": None, "mentor": None}


async def test_without_a_time_nobody_can_have_missed_it(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.asked(learner, mentor)}"
    assert (await world.post(learner, f"{path}/not-held")).status_code == 409
    await world.post(mentor, f"{path}/accept")
    assert (await world.post(learner, f"{path}/not-held")).status_code == 409


async def test_nobody_else_learns_who_said_what(world: World) -> None:
    learner, _, path = await begun(world, timedelta(hours=1))
    await world.post(learner, f"{path}/not-held")
    owner = world.api.callers.sign_in("program_owner", "employee", "operator", person_id=await world.person())
    answer = await world.api.client.get(f"/api/v1{path}/statements", headers=owner)
    assert answer.status_code == 404
    assert await world.api.events(SessionNotHeldV1) == []


async def test_messages_alone_can_solve_it_before_or_after_accepting(world: World) -> None:
    for accepts in (False, True):
        learner, mentor = await world.person(), await world.person()
        path = f"/sessions/{await world.asked(learner, mentor)}"
        before = await slots_left(world, mentor)
        assert (await world.post(learner, f"{path}/solved-in-chat")).status_code == 409, "nobody has written yet"
        assert (await world.post(mentor, f"{path}/messages", {"text": "Try this."})).status_code == 201
        if accepts:
            assert (await world.post(mentor, f"{path}/accept")).status_code == 200
        assert (await world.post(mentor, f"{path}/solved-in-chat")).status_code == 409, "the learner knows"
        assert (await world.post(learner, f"{path}/solved-in-chat")).json()["state"] == "solved"
        assert await slots_left(world, mentor) == before
        assert (await world.post(learner, f"{path}/held", HELD)).status_code == 409
    assert len(await world.api.events(SessionSolvedInChatV1)) == 2
