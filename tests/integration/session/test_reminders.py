"""Reminders go out once each, at their time, whatever happens to sessions and processes meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from chassis.database import Transaction
from session_service.commands import remind_of_sessions
from session_service.model import Session

from tests.integration.session.conftest import World
from tests.integration.session.test_meeting import accepted


class Box:
    """Whoever is handed reminders, and keeps them for good only when the transaction does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.told: list[tuple[str, str]] = []
        self.fails = False

    async def remind(self, _transaction: Transaction, session: Session, kind: str) -> None:
        if self.fails:
            raise ConnectionError
        self.told.append((kind, str(session.session_id)))

    async def round(self, limit: int = 50) -> list[tuple[str, str]]:
        """What is told in one round of a worker."""
        before = len(self.told)
        await remind_of_sessions(self.world.api.database, limit, self.remind)
        return self.told[before:]


@pytest.fixture
def box(world: World) -> Box:
    return Box(world)


async def agreed(world: World, ahead: timedelta = timedelta(days=3)) -> tuple[UUID, str]:
    """A session that starts some time ahead, and its learner."""
    learner, _, session_id = await accepted(world)
    body = {"starts_at": (datetime.now(UTC) + ahead).isoformat()}
    assert (await world.post(learner, f"/sessions/{session_id}/schedule", body)).status_code == 200
    return learner, session_id


async def comes_nearer(world: World, session_id: str, ahead: timedelta) -> None:
    async with world.api.database.connection() as connection:
        query = "UPDATE session SET starts_at = now() + $2::interval WHERE session_id = $1"
        await connection.execute(query, UUID(session_id), ahead)


async def test_the_two_are_reminded_a_day_and_an_hour_before(world: World, box: Box) -> None:
    _, session_id = await agreed(world)
    assert await box.round() == []
    await comes_nearer(world, session_id, timedelta(hours=23, minutes=59))
    assert [await box.round(), await box.round()] == [[("day_before", session_id)], []]
    await comes_nearer(world, session_id, timedelta(minutes=59))
    assert [await box.round(), await box.round()] == [[("hour_before", session_id)], []]
    await comes_nearer(world, session_id, -timedelta(minutes=1))
    assert await box.round() == []


async def test_after_a_long_silence_only_what_still_makes_sense_goes_out(world: World, box: Box) -> None:
    _, session_id = await agreed(world)
    await comes_nearer(world, session_id, timedelta(minutes=30))
    assert await box.round() == [("hour_before", session_id)]


async def test_what_was_agreed_at_short_notice_is_not_reminded_of_at_once(world: World, box: Box) -> None:
    await agreed(world, timedelta(hours=5))
    assert await box.round() == []
    await agreed(world, timedelta(minutes=30))
    assert await box.round() == []


async def test_who_moves_or_cancels_a_session_is_reminded_of_the_new_time_or_of_nothing(world: World, box: Box) -> None:
    learner, session_id = await agreed(world)
    await comes_nearer(world, session_id, timedelta(hours=20))
    await box.round()
    moved = {"starts_at": (datetime.now(UTC) + timedelta(days=5)).isoformat()}
    await world.post(learner, f"/sessions/{session_id}/schedule", moved)
    assert await box.round() == []
    await comes_nearer(world, session_id, timedelta(hours=22))
    assert await box.round() == [("day_before", session_id)]
    await world.post(learner, f"/sessions/{session_id}/cancel", {})
    await comes_nearer(world, session_id, timedelta(minutes=30))
    assert await box.round() == []


async def test_many_workers_tell_each_reminder_once(world: World, box: Box) -> None:
    expected = []
    for _ in range(8):
        _, session_id = await agreed(world)
        await comes_nearer(world, session_id, timedelta(hours=2))
        expected.append(("day_before", session_id))
    await asyncio.gather(*(box.round(limit=3) for _ in range(6)))
    while await box.round(limit=3):
        pass
    assert sorted(box.told) == sorted(expected)


async def test_a_reminder_that_could_not_be_kept_is_told_again(world: World, box: Box) -> None:
    _, session_id = await agreed(world)
    await comes_nearer(world, session_id, timedelta(hours=2))
    box.fails = True
    with pytest.raises(ConnectionError):
        await box.round()
    box.fails = False
    assert await box.round() == [("day_before", session_id)]


async def test_thirty_days_later_the_learner_is_asked_whether_it_was_of_use_unless_they_said(
    world: World, box: Box
) -> None:
    asked, said, late = [await world.held(await world.person(), await world.person()) for _ in range(3)]
    assert await box.round() == []
    for session_id, days in ((asked, 30), (said, 30), (late, 38)):
        await ended(world, session_id, timedelta(days=days, hours=1))
    learner = (await read(world, said))["learner_id"]
    await world.post(UUID(learner), f"/sessions/{said}/follow-up", {"used": "yes"})
    assert [await box.round(), await box.round()] == [[("follow_up", asked)], []]


async def ended(world: World, session_id: str, ago: timedelta) -> None:
    async with world.api.database.connection() as connection:
        query = "UPDATE session SET ended_at = now() - $2::interval WHERE session_id = $1"
        await connection.execute(query, UUID(session_id), ago)


async def read(world: World, session_id: str) -> Any:
    async with world.api.database.connection() as connection:
        query = "SELECT learner_id::text FROM session WHERE session_id = $1"
        return {"learner_id": await connection.fetchval(query, UUID(session_id))}
