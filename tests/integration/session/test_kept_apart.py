"""What is open or agreed between two ends when one blocks the other, and looks as if it had ended some other way."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flash_schemas.session import AvailabilityChangedV1, RelationshipMadeV1, SessionCancelledV1, SessionWithdrawnV1
from session_service import store

from tests.integration.session.conftest import TODAY, World
from tests.integration.session.feed import told
from tests.integration.session.test_blocks import block
from tests.integration.session.test_in_turn import SKILL, called
from tests.integration.session.test_meeting import accepted, schedule
from tests.integration.session.test_meeting_again import wish
from tests.integration.session.test_outcome import begun
from tests.support.waiting import WAITS_FOR_LOCK, eventually

OF_THEIR_OWN = (
    "session_id",
    "learner_id",
    "mentor_id",
    "created_at",
    "expires_at",
    "answered_at",
    "starts_at",
    "wall_clock",
)


@pytest.fixture
async def pair(world: World) -> tuple[UUID, UUID]:
    return await world.person(), await world.person()


async def shown(world: World, by: UUID, session_id: str) -> dict[str, Any]:
    """All that somebody sees of a session, but what differs between any two of them."""
    found = (await world.get(by, f"/sessions/{session_id}")).json()
    return {name: value for name, value in found.items() if name not in OF_THEIR_OWN}


async def test_to_a_blocked_learner_the_mentor_is_not_available(world: World, pair: tuple[UUID, UUID]) -> None:
    learner, mentor = pair
    other, away = await world.person(), await world.person()
    session_id, usual = await world.asked(learner, mentor), await world.asked(other, away)
    await block(world, mentor, learner)
    await world.person(away, status="on_leave")
    await world.settle()
    assert await shown(world, learner, session_id) == await shown(world, other, usual)
    assert await world.state(learner, session_id) == "withdrawn"
    assert await told(world, learner) == await told(world, other) == ["unavailable"]
    said = [event for event, _ in await world.api.events(SessionWithdrawnV1)]
    assert [event.reason for event in said] == ["mentor_unavailable"] * 2
    last = [event for event, _ in await world.api.events(AvailabilityChangedV1) if event.person_id == mentor][-1]
    assert last.open_requests == 0


async def test_to_a_blocked_mentor_the_request_was_taken_back(world: World, pair: tuple[UUID, UUID]) -> None:
    learner, mentor = pair
    session_id, usual = await world.asked(learner, mentor), await world.asked(await world.person(), mentor)
    await block(world, learner, mentor)
    taken_back = await world.get(mentor, f"/sessions/{usual}")
    await world.post(UUID(taken_back.json()["learner_id"]), f"/sessions/{usual}/withdraw")
    assert await shown(world, mentor, session_id) == await shown(world, mentor, usual)
    assert await told(world, mentor) == ["asked", "asked", "withdrawn", "withdrawn"]
    assert [event.reason for event, _ in await world.api.events(SessionWithdrawnV1)] == ["by_learner"] * 2


@pytest.mark.parametrize("blocker", [0, 1])
async def test_what_was_asked_in_turn_is_passed_on_and_comes_to_nobody_who_is_blocked(
    world: World, pair: tuple[UUID, UUID], blocker: int
) -> None:
    learner, mentor = pair
    hidden, third = await world.person(), await world.person()
    await block(world, hidden, mentor)
    session_id = await world.asked(learner, mentor, then_ask=[str(hidden), str(third)])
    await block(world, hidden, learner)
    await block(world, pair[blocker], pair[1 - blocker])
    await world.settle()
    assert (await world.get(hidden, "/sessions?role=mentor")).json()["items"] == []
    (following,) = (await world.get(third, "/sessions?role=mentor")).json()["items"]
    seen = (await world.get(learner, f"/sessions/{session_id}")).json()
    assert (seen["next_step"], seen["passed_to"]) == ("passed_on", following["session_id"])


@pytest.mark.parametrize("blocker", [0, 1])
async def test_a_call_is_open_to_all_but_who_is_blocked(world: World, blocker: int) -> None:
    mentor, other = [await world.person(skills=[SKILL]) for _ in range(2)]
    learner, call_id = await called(world)
    pair = (learner, mentor)
    await block(world, pair[blocker], pair[1 - blocker])
    offered = [(await world.get(each, "/open-calls")).json()["items"] for each in (mentor, other)]
    assert [[call["call_id"] for call in calls] for calls in offered] == [[], [call_id]]
    answers = [await world.post(each, f"/open-calls/{call_id}/take") for each in (mentor, other)]
    assert [answer.status_code for answer in answers] == [404, 201]


@pytest.mark.parametrize("blocker", [0, 1])
async def test_who_blocks_need_not_meet_and_the_other_sees_a_session_given_up(world: World, blocker: int) -> None:
    *pair, session_id = await accepted(world)
    *usual, given_up = await accepted(world)
    await world.post(usual[blocker], f"/sessions/{given_up}/withdraw")
    await block(world, pair[blocker], pair[1 - blocker])
    blocked = pair[1 - blocker]
    assert await shown(world, blocked, session_id) == await shown(world, usual[1 - blocker], given_up)
    assert await world.state(blocked, session_id) == "cancelled"
    assert (await told(world, blocked))[-1] == "cancelled"
    said = [event.model_dump(exclude=set(OF_THEIR_OWN)) for event, _ in await world.api.events(SessionCancelledV1)]
    assert said[0] == said[1]
    last = [event for event, _ in await world.api.events(AvailabilityChangedV1) if event.person_id == pair[1]][-1]
    assert last.slots_used == 0, "the slot is free again"


async def test_of_a_session_that_has_begun_the_two_still_say_whether_they_met(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await schedule(world, learner, session_id)
    await world.execute("UPDATE session SET starts_at = now() - interval '1 minute'")
    await block(world, mentor, learner)
    assert await world.state(learner, session_id) == "accepted"
    assert (await world.post(learner, f"/sessions/{session_id}/held", {"held_on": str(TODAY)})).status_code == 200


async def test_who_asks_while_they_are_blocked_has_nothing_open_afterwards(
    world: World, pair: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    learner, mentor = pair
    blocking: list[asyncio.Task[None]] = []
    may_meet = store.may_meet

    async def may_meet_and_then_blocked(transaction: Any, *two: UUID) -> bool:
        found = await may_meet(transaction, *two)
        if not blocking:
            blocking.append(asyncio.create_task(block(world, mentor, learner)))
            await eventually(lambda: done_or_waiting(world, blocking[0]))
        return found

    monkeypatch.setattr(store, "may_meet", may_meet_and_then_blocked)
    await world.post(learner, "/sessions", world.body(mentor))
    await blocking[0]
    assert [item["state"] for item in (await world.get(learner, "/sessions")).json()["items"]] == ["withdrawn"]


async def done_or_waiting(world: World, task: asyncio.Task[None]) -> bool:
    """Whether a task is done, or waits for a row that another transaction has locked."""
    async with world.api.database.connection() as connection:
        return task.done() or bool(await connection.fetchval(WAITS_FOR_LOCK))


async def test_what_began_before_a_block_cannot_be_moved_and_looks_given_up_by_the_other(world: World) -> None:
    learner, mentor, path = await begun(world, timedelta(hours=1))
    _, usual_mentor, usual = await begun(world, timedelta(hours=1))
    await block(world, learner, mentor)
    usual_learner = UUID((await world.get(usual_mentor, usual)).json()["learner_id"])
    await world.post(usual_learner, f"{usual}/cancel", {"reason": "not_given"})
    later = {"starts_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    answers = [await world.post(by, f"{at}/schedule", later) for by, at in ((mentor, path), (usual_mentor, usual))]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]
    session_id, usual_id = (at.removeprefix("/sessions/") for at in (path, usual))
    assert await shown(world, mentor, session_id) == await shown(world, usual_mentor, usual_id)
    assert "rescheduled" not in await told(world, learner)
    assert [event.by for event, _ in await world.api.events(SessionCancelledV1)] == ["learner"] * 2


async def test_two_who_are_kept_apart_make_no_relationship_and_the_other_sees_what_anybody_sees(world: World) -> None:
    learner, mentor, other = [await world.person() for _ in range(3)]
    session_id, usual = await world.held(learner, mentor), await world.held(other, mentor)
    await wish(world, learner, session_id, True)
    await block(world, learner, mentor)
    answers = [await wish(world, mentor, each, True) for each in (session_id, usual)]
    assert answers[0] == answers[1]
    assert (await world.get(mentor, "/me/relationships")).json()["items"] == []
    assert not await world.api.events(RelationshipMadeV1)


@pytest.mark.parametrize("blocker", [0, 1])
async def test_who_declines_and_names_a_colleague_learns_nothing_of_a_block_between_them_and_the_learner(
    world: World, pair: tuple[UUID, UUID], blocker: int
) -> None:
    learner, mentor = pair
    colleague = await world.person()
    await block(world, *((learner, colleague), (colleague, learner))[blocker])
    session_id = await world.asked(learner, mentor)
    said = {"suggested_id": str(colleague), "pause_until": "2020-01-01"}
    refused = await world.post(mentor, f"/sessions/{session_id}/decline", said)
    assert [error["field"] for error in refused.json()["errors"]] == ["pause_until"]
    declined = await world.post(mentor, f"/sessions/{session_id}/decline", {"suggested_id": str(colleague)})
    assert declined.json()["suggested_id"] == str(colleague)
    seen = (await world.get(learner, f"/sessions/{session_id}")).json()
    assert (seen["suggested_id"], seen["next_step"]) == (None, "search_again")
    kept = (await world.get(learner, "/me/sessions/export")).json()
    assert str(colleague) not in str(kept["sessions"])
