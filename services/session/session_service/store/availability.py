"""Statements about what a mentor can take. Step 4 of the write path."""

from datetime import date, datetime
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.profile import RequestPolicy

from session_service.model import SILENT_REQUESTS, Availability, month_of, next_start

WHAT_IS_LEFT = """
SELECT a.person_id, a.version, a.capacity, a.paused_until, a.vacations, a.silent, a.silent_since, $2::text AS month,
    (SELECT count(*) FROM session WHERE mentor_id = $1 AND capacity_month = $2) AS slots_used,
    (SELECT count(*) FROM session WHERE mentor_id = $1 AND state = 'requested') AS open_requests,
    (SELECT CASE WHEN count(*) >= 3 THEN percentile_disc(0.5) WITHIN GROUP (ORDER BY took_s) END FROM (
        SELECT coalesce(extract(epoch FROM first_answer_at - created_at)::float8, 'infinity') AS took_s FROM session
        WHERE mentor_id = $1 AND (first_answer_at IS NOT NULL OR state = 'expired') ORDER BY created_at DESC LIMIT 10
    ) AS recent) AS median_answer_s
"""
AVAILABILITY = f"{WHAT_IS_LEFT} FROM availability AS a WHERE a.person_id = $1"
AVAILABILITY_NEXT = f"""
WITH a AS (UPDATE availability SET version = version + 1 WHERE person_id = $1 RETURNING *) {WHAT_IS_LEFT} FROM a
"""  # noqa: S608 - statements of ours
# Version 0 was never said: somebody was asked for in vain.
NEXT_AVAILABILITY = """
SELECT person_id FROM availability WHERE person_id > $1 AND version > 0 ORDER BY person_id LIMIT $2 FOR UPDATE
"""
SET_AVAILABILITY = """
UPDATE availability SET capacity = $2, paused_until = $3, vacations = $4, silent_since = $5, silent = $6, away_from = $7
WHERE person_id = $1
"""
ADD_SILENCE = """
UPDATE availability SET silent = silent + $2,
    silent_since = CASE WHEN silent + $2 >= $3 THEN coalesce(silent_since, $4) END
WHERE person_id = $1 RETURNING silent_since = $4
"""
BEGIN_VACATIONS = """
SELECT person_id, vacations FROM availability WHERE away_from <= $1 ORDER BY away_from LIMIT $2 FOR UPDATE SKIP LOCKED
"""
SLOT_LIMIT = """
SELECT max((p.policy ->> 'sessions_per_mentor_and_month')::int) FROM program AS p, person AS m
WHERE m.person_id = $1 AND p.status = 'active' AND m.participations -> p.program_id::text ? 'mentor'
"""


async def slot_limit(transaction: Transaction, mentor_id: UUID) -> int:
    """The most that any program of a mentor's lets them take a month."""
    found: int | None = await transaction.fetchval(SLOT_LIMIT, mentor_id)
    return found or RequestPolicy().sessions_per_mentor_and_month


async def hold_availability(transaction: Transaction, person_id: UUID) -> None:
    """Lock what a mentor can take: whoever else wants a slot of theirs waits until we are done."""
    lock = "SELECT person_id FROM availability WHERE person_id = $1 FOR UPDATE"
    if await transaction.fetchval(lock, person_id) is None:
        await transaction.execute("INSERT INTO availability (person_id) VALUES ($1) ON CONFLICT DO NOTHING", person_id)
        await transaction.execute(lock, person_id)


async def lock_availability(transaction: Transaction, person_id: UUID, at: datetime) -> Availability:
    """What a mentor can take in the month of `at`, locked."""
    await hold_availability(transaction, person_id)
    return await availability(transaction, person_id, at)


async def availability(transaction: Transaction, person_id: UUID, at: datetime) -> Availability:
    """What a mentor can take in the month of `at`."""
    row = await transaction.fetchrow(AVAILABILITY, person_id, month_of(at))
    return Availability(**row) if row else Availability(person_id, 0, None, None, month_of(at), 0, 0)


async def lock_next_availability(transaction: Transaction, after: UUID, limit: int) -> list[UUID]:
    """The next mentors in order of id whose availability was ever said, theirs locked."""
    return [row["person_id"] for row in await transaction.fetch(NEXT_AVAILABILITY, after, limit)]


async def next_availability(transaction: Transaction, person_id: UUID, at: datetime) -> Availability:
    """What a mentor, whose availability is locked, can take now, as its next version."""
    row = await transaction.fetchrow(AVAILABILITY_NEXT, person_id, month_of(at))
    assert row, "a row that is locked is there"
    return Availability(**row)


async def set_availability(transaction: Transaction, availability: Availability, away_from: date | None) -> None:
    """Keep what a mentor, whose availability is locked, wants to take, and when they are next away."""
    settings = (availability.capacity, availability.paused_until, availability.vacations, availability.silent_since)
    await transaction.execute(SET_AVAILABILITY, availability.person_id, *settings, availability.silent, away_from)


async def add_silence(transaction: Transaction, mentor_id: UUID, unanswered: int, at: datetime) -> bool:
    """Count requests that a mentor, whose availability is locked, left unanswered; whether that pauses them now."""
    return bool(await transaction.fetchval(ADD_SILENCE, mentor_id, unanswered, SILENT_REQUESTS, at))


async def end_silence(transaction: Transaction, mentor_id: UUID) -> None:
    """A mentor, whose availability is locked, reacted to a request."""
    await transaction.execute("UPDATE availability SET silent = 0 WHERE person_id = $1 AND silent > 0", mentor_id)


async def begin_vacations(transaction: Transaction, today: date, limit: int) -> list[UUID]:
    """Who is away from today on and was not yet noticed, each once, a bounded number."""
    rows = await transaction.fetch(BEGIN_VACATIONS, today, limit)
    for row in rows:
        following = next_start(row["vacations"], today)
        await transaction.execute(
            "UPDATE availability SET away_from = $2 WHERE person_id = $1", row["person_id"], following
        )
    return [row["person_id"] for row in rows]
