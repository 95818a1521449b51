"""The session service under pressure: races for few slots, ten thousand requests that expire in one minute, accepts.

And the state machine against its plainer twin, over a hundred thousand steps.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID, uuid4

from chassis.database import Database
from chassis.worker import Worker
from flash_local.engines.every import Engines
from flash_schemas.profile import RequestPolicy
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from session_service import commands, model
from session_service.commands import Repeatable, expire_some
from session_service.sealing import Keyring

from tests.bench.measure import quantiles
from tests.bench.world import database_of
from tests.support.apis import MASTER_KEY
from tests.support.racing import Race, caller, ids
from tests.unit.session.test_state_machine import COUNTED, Sessions

STEPS_EACH = 50
PEOPLE = """
INSERT INTO person (person_id, version, status, participations)
SELECT unnest($1::uuid[]), 1, 'active', jsonb_build_object($2::text, '["learner", "mentor"]'::jsonb)
"""
PROGRAM = "INSERT INTO program (program_id, version, status, policy) VALUES ($1, 1, 'active', $2)"
MENTORS = "INSERT INTO availability (person_id) SELECT unnest($1::uuid[])"
OPEN = """
INSERT INTO session (session_id, version, state, program_id, learner_id, mentor_id, want_to_learn, tried, format,
    minutes, created_at, expires_at, answer_by)
SELECT s, 1, 'requested', $2, gen_random_uuid(), ($3::uuid[])[1 + n % array_length($3::uuid[], 1)], 'x', '', 'call', 30,
    now(), $4::timestamptz + n * $5::interval, $4::timestamptz + n * $5::interval
FROM unnest($1::uuid[]) WITH ORDINALITY AS each (s, n)
"""
LATENESS = "SELECT extract(epoch FROM ended_at - expires_at)::float8 FROM session WHERE state = 'expired'"


async def run(
    engines: Engines,
    *,
    seeds: int = 50,
    expiring: int = 10_000,
    over_s: int = 60,
    accepts: int = 2_000,
    steps: int = 100_000,
) -> None:
    """Print the figures."""
    await asyncio.to_thread(_stateful, steps)
    taken = [await _race(engines, seed) for seed in range(seeds)]
    print(
        f"races of 200 learners for 20 mentors of capacity 2: {seeds} seeds, slots taken {set(taken)}, never exceeded"
    )
    async with database_of(engines, "session") as (database, _):
        await _expiry(database, expiring, over_s)
    async with database_of(engines, "session") as (database, _):
        await _accepts(database, accepts, a_second=100)


def _stateful(steps: int) -> None:
    """Both models are equal, or this fails with the shortest history in which they are not."""
    COUNTED["steps"] = 0
    examples = settings(
        max_examples=max(1, steps // STEPS_EACH * 2),
        stateful_step_count=STEPS_EACH,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Sessions, settings=examples)
    print(f"state machine against its twin: {COUNTED['steps']:,} steps, equal", flush=True)


async def _race(engines: Engines, seed: int) -> int:
    async with database_of(engines, "session") as (database, _):
        program_id, learners, mentors = uuid4(), ids(200), ids(20)
        await _fill(database, PROGRAM, program_id, RequestPolicy().model_dump(mode="json"))
        await _fill(database, PEOPLE, [*learners, *mentors], str(program_id))
        race = Race(database, Keyring.of(MASTER_KEY), program_id, learners, mentors, Random(seed))
        await race.run()
        return await race.check(capacity=2)


async def _expiry(database: Database, count: int, over_s: int) -> None:
    """Requests that expire evenly over a minute, two processes that look once a second."""
    mentors, begin = ids(max(1, count // 5)), datetime.now(UTC) + timedelta(seconds=5)
    await _fill(database, MENTORS, mentors)
    await _fill(database, OPEN, ids(count), uuid4(), mentors, begin, timedelta(seconds=over_s) / count)
    stopping = asyncio.Event()
    workers = [Worker("expiry", partial(expire_some, database, 50), 1_000, wake_on_commit=False) for _ in range(2)]
    running = [asyncio.create_task(worker.run(database, stopping)) for worker in workers]
    late: list[float] = []
    while len(late) < count:
        await asyncio.sleep(1)
        async with database.connection() as connection:
            late = [row[0] for row in await connection.fetch(LATENESS)]
    stopping.set()
    await asyncio.gather(*running)
    quantiles(f"lateness of {count:,} requests that expire within {over_s} s", late)


async def _accepts(database: Database, count: int, a_second: int) -> None:
    """Accepts at a steady rate, each measured from when it was due."""
    mentors, sessions = ids(count), ids(count)
    await _fill(database, MENTORS, mentors)
    await _fill(database, OPEN, sessions, uuid4(), mentors, datetime.now(UTC) + timedelta(days=1), timedelta())
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT session_id, mentor_id FROM session")
    started = time.perf_counter()
    due = [(started + number / a_second, row["mentor_id"], row["session_id"]) for number, row in enumerate(rows)]
    took = await asyncio.gather(*(_accept_at(database, *each) for each in due))
    quantiles(f"accepts at {a_second} a second", took[a_second:])
    quantiles("the same in the first second, over connections that are new", took[:a_second])


async def _accept_at(database: Database, due: float, mentor_id: UUID, session_id: UUID) -> float:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    decide = partial(model.accepted, by=mentor_id)
    run = partial(commands.accept, session_id=session_id, decide=decide)
    step = Repeatable(step="accept", session_id=session_id)
    await commands.take_step(database, caller(mentor_id), None, step, run)
    return time.perf_counter() - due


async def _fill(database: Database, query: str, *values: Any) -> None:
    async with database.connection() as connection:
        await connection.execute(query, *values)
