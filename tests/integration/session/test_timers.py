"""Timers: who is reminded, what expires, whatever the number of processes, and how little an open request costs."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flash_schemas.session import AvailabilityChangedV1, SessionExpiredV1
from session_service.commands import expire_some, remind_some
from session_service.store import sessions as statements

from tests.integration.session.conftest import World

OPEN = """
INSERT INTO session (session_id, version, state, program_id, learner_id, mentor_id, want_to_learn, tried, format,
    minutes, created_at, expires_at, answer_by, remind_at)
SELECT gen_random_uuid(), 1, 'requested', $1, gen_random_uuid(), gen_random_uuid(), 'x', '', 'call', 30, now(),
    now() + interval '1 hour', now() + interval '1 hour', now() + interval '30 minutes'
FROM generate_series(1, 20000)
"""
OVERDUE = "UPDATE session SET expires_at = now() - interval '1 second'"


async def plan(world: World, query: str, *values: Any) -> str:
    """How the database would go about a statement."""
    async with world.api.database.connection() as connection:
        return "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {query}", *values))


async def test_open_requests_cost_nothing_until_they_are_due(world: World) -> None:
    await world.execute(OPEN, world.program_id)
    await world.execute("ANALYZE session")
    for query, index in ((statements.OVERDUE_MENTORS, "session_due"), (statements.REMINDERS, "session_remind")):
        told = await plan(world, query, datetime.now(UTC), 50)
        assert index in told
        assert "Seq Scan on session" not in told


async def test_a_mentor_is_reminded_once_when_half_of_the_time_is_over(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = UUID(await world.asked(learner, mentor))
    when = "SELECT (remind_at - created_at) * 2 = expires_at - created_at FROM session WHERE session_id = $1"
    async with world.api.database.connection() as connection:
        assert await connection.fetchval(when, session_id)
    assert await reminded(world) == 0
    await world.execute("UPDATE session SET remind_at = now() - interval '1 second'")
    await asyncio.gather(*(remind_some(world.api.database, 10) for _ in range(4)))
    assert await reminded(world) == 1
    path = f"/sessions/{session_id}"
    card = {"want_to_learn": "Charts", "format": "call"}
    edited = await world.call(learner, "PUT", f"{path}/card", card, (await world.get(learner, path)).headers["ETag"])
    assert edited.status_code == 200
    assert await reminded(world) == 1, "an edit brings no second reminder"


async def reminded(world: World) -> int:
    async with world.api.database.connection() as connection:
        found: int = await connection.fetchval("SELECT count(*) FROM session WHERE reminded AND remind_at IS NULL")
        return found


async def test_an_answer_ends_the_reminder(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await world.post(mentor, f"/sessions/{session_id}/accept")
    async with world.api.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM session WHERE remind_at IS NOT NULL") == 0


async def test_several_processes_expire_every_request_exactly_once(world: World) -> None:
    mentors = [await world.person() for _ in range(3)]
    asked = [(learner := await world.person(), await world.asked(learner, mentor)) for mentor in mentors for _ in "ab"]
    await world.execute(OVERDUE)

    async def work() -> None:
        while await expire_some(world.api.database, 2):
            pass

    await asyncio.gather(*(work() for _ in range(4)))
    await work()
    assert {await world.state(learner, session_id) for learner, session_id in asked} == {"expired"}
    said = [str(event.session_id) for event, _ in await world.api.events(SessionExpiredV1)]
    assert sorted(said) == sorted(session_id for _, session_id in asked)
    last = {event.person_id: event for event, _ in await world.api.events(AvailabilityChangedV1)}
    assert {event.open_requests for event in last.values()} == {0}


async def test_a_request_that_is_accepted_while_it_expires_ends_in_one_of_the_two(world: World) -> None:
    await world.program(sessions_per_mentor_and_month=9)
    learner = await world.person()
    for _ in range(4):
        mentor = await world.person()  # another, since who lets three expire is paused
        session_id = await world.asked(learner, mentor)
        await world.execute(
            "UPDATE session SET expires_at = now() + interval '20 milliseconds' WHERE state = 'requested'"
        )
        await asyncio.gather(world.post(mentor, f"/sessions/{session_id}/accept"), expire_some(world.api.database, 5))
        await world.settle()
        if await world.state(learner, session_id) == "requested":
            await world.execute(OVERDUE + " WHERE state = 'requested'")
            await world.settle()
        assert await world.state(learner, session_id) in ("accepted", "expired")
    said = [event for event, _ in await world.api.events(SessionExpiredV1)]
    async with world.api.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM session WHERE state = 'expired'") == len(said)
