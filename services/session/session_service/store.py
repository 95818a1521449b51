"""Step 4 of the write path: every statement of the session service, one function each."""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.base import Role
from flash_schemas.profile import RequestPolicy

from session_service.asking import Availability, Member, month_of
from session_service.model import Helped, Session

COLUMNS = tuple(column.name for column in fields(Session))
SAVE_SESSION = f"""
INSERT INTO session SELECT * FROM jsonb_populate_recordset(NULL::session, $1)
ON CONFLICT (session_id) DO UPDATE SET ({", ".join(COLUMNS)}) = ROW (EXCLUDED.{", EXCLUDED.".join(COLUMNS)})
"""  # noqa: S608 - column names of our own
MEMBER = "person_id, status, participations, pauses"
# Who is forgotten has left, whatever a backup brought back.
KEEP_PEOPLE = """
INSERT INTO person (person_id, version, status, participations, pauses)
SELECT person_id, p.version, CASE WHEN e.person_id IS NULL THEN status ELSE 'left' END,
    CASE WHEN e.person_id IS NULL THEN participations ELSE '{}' END, pauses
FROM jsonb_populate_recordset(NULL::person, $1) AS p LEFT JOIN erasure AS e USING (person_id) ORDER BY person_id
ON CONFLICT (person_id) DO UPDATE SET version = EXCLUDED.version, status = EXCLUDED.status,
    participations = EXCLUDED.participations, pauses = EXCLUDED.pauses
WHERE person.version < EXCLUDED.version RETURNING person_id
"""
KEEP_PROGRAMS = """
INSERT INTO program SELECT * FROM jsonb_populate_recordset(NULL::program, $1) ORDER BY program_id
ON CONFLICT (program_id) DO UPDATE SET version = EXCLUDED.version, status = EXCLUDED.status, policy = EXCLUDED.policy
WHERE program.version < EXCLUDED.version
"""
AVAILABILITY = """
SELECT a.person_id, a.version, a.capacity, a.paused_until, $2::text AS month,
    (SELECT count(*) FROM session WHERE mentor_id = $1 AND capacity_month = $2) AS slots_used,
    (SELECT count(*) FROM session WHERE mentor_id = $1 AND state = 'requested') AS open_requests
FROM availability AS a WHERE a.person_id = $1
"""
# Version 0 was never said: somebody was asked for in vain.
NEXT_AVAILABILITY = """
SELECT person_id FROM availability WHERE person_id > $1 AND version > 0 ORDER BY person_id LIMIT $2 FOR UPDATE
"""
SLOT_LIMIT = """
SELECT max((p.policy ->> 'sessions_per_mentor_and_month')::int) FROM program AS p, person AS m
WHERE m.person_id = $1 AND p.status = 'active' AND m.participations -> p.program_id::text ? 'mentor'
"""
LIST_SESSIONS = """
SELECT * FROM session
WHERE ($1 = learner_id AND $2 <> 'mentor' OR $1 = mentor_id AND $2 <> 'learner')
    AND ($3::text IS NULL OR state = $3)
    AND ($4::timestamptz IS NULL OR (created_at, session_id) < ($4, $5))
ORDER BY created_at DESC, session_id DESC LIMIT $6
"""
OVERDUE = """
SELECT session_id FROM session WHERE state = 'requested' AND expires_at <= $1 ORDER BY expires_at LIMIT $2
"""
OPEN_OF = """
SELECT * FROM session WHERE (learner_id = $1 OR mentor_id = $1) AND state IN ('requested', 'accepted')
ORDER BY session_id
"""
LIST_MESSAGES = """
SELECT message_id, session_id, position, sender_id, text, sent_at FROM message
WHERE session_id = $1 AND position > $2 ORDER BY position LIMIT $3
"""
HELD_NEAR = """
SELECT EXISTS (SELECT FROM session WHERE program_id = $1 AND state = 'held' AND session_id <> $2
    AND learner_id IN ($3, $4) AND mentor_id IN ($3, $4) AND held_on BETWEEN $5 AND $6)
"""
MAKE_RELATIONSHIP = """
INSERT INTO relationship (program_id, one_id, other_id, made_at)
VALUES ($1, least($2::uuid, $3::uuid), greatest($2::uuid, $3::uuid), $4) ON CONFLICT DO NOTHING RETURNING 1
"""
ADD_DEPARTURES = """
INSERT INTO departure (person_id, version) SELECT person_id, version FROM person AS p WHERE person_id = ANY ($1)
    AND EXISTS (SELECT FROM session WHERE (learner_id = p.person_id OR mentor_id = p.person_id)
                AND state IN ('requested', 'accepted'))
ORDER BY person_id ON CONFLICT (person_id) DO UPDATE SET version = EXCLUDED.version
"""
LIST_RELATIONSHIPS = """
SELECT program_id, CASE WHEN one_id = $1 THEN other_id ELSE one_id END AS person_id, made_at
FROM relationship WHERE one_id = $1 OR other_id = $1 ORDER BY made_at DESC, program_id LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody who may no longer be there, as of a version of theirs."""

    person_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was sent."""

    message_id: UUID
    session_id: UUID
    position: int
    sender_id: UUID
    text: str
    sent_at: datetime


async def keep_people(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Take newer people: person_id, version, status, participations (roles by program), pauses. Who was changed."""
    return {row["person_id"] for row in await transaction.fetch(KEEP_PEOPLE, rows)}


async def keep_programs(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Take newer programs: program_id, version, status, policy."""
    await transaction.execute(KEEP_PROGRAMS, rows)


async def member(transaction: Transaction, person_id: UUID) -> Member | None:
    """What is known of a person, None before their first event."""
    row = await transaction.fetchrow(f"SELECT {MEMBER} FROM person WHERE person_id = $1", person_id)  # noqa: S608 - columns of ours
    return Member(**row) if row else None


async def lock_members(transaction: Transaction, *person_ids: UUID) -> dict[UUID, Member]:
    """The same of several, in one order for everybody; news of them wait until this transaction ends."""
    query = f"SELECT {MEMBER} FROM person WHERE person_id = ANY ($1) ORDER BY person_id FOR UPDATE"  # noqa: S608 - columns of ours
    return {row["person_id"]: Member(**row) for row in await transaction.fetch(query, list(person_ids))}


async def policy(transaction: Transaction, program_id: UUID) -> RequestPolicy | None:
    """The limits of asking in an active program."""
    query = "SELECT policy FROM program WHERE program_id = $1 AND status = 'active'"
    found = await transaction.fetchval(query, program_id)
    return RequestPolicy.model_validate(found) if found else None


async def slot_limit(transaction: Transaction, mentor_id: UUID) -> int:
    """The most that any program of a mentor's lets them take a month."""
    found: int | None = await transaction.fetchval(SLOT_LIMIT, mentor_id)
    return found or RequestPolicy().sessions_per_mentor_and_month


async def lock_availability(transaction: Transaction, person_id: UUID, at: datetime) -> Availability:
    """What a mentor can take in the month of `at`; whoever else wants a slot of theirs waits until we are done."""
    await transaction.execute("INSERT INTO availability (person_id) VALUES ($1) ON CONFLICT DO NOTHING", person_id)
    await transaction.execute("SELECT FROM availability WHERE person_id = $1 FOR UPDATE", person_id)
    return await availability(transaction, person_id, at)


async def availability(transaction: Transaction, person_id: UUID, at: datetime) -> Availability:
    """What a mentor can take in the month of `at`."""
    row = await transaction.fetchrow(AVAILABILITY, person_id, month_of(at))
    return Availability(**row) if row else Availability(person_id, 0, None, None, month_of(at), 0, 0)


async def lock_next_availability(transaction: Transaction, after: UUID, limit: int) -> list[UUID]:
    """The next mentors in order of id whose availability was ever said, theirs locked."""
    return [row["person_id"] for row in await transaction.fetch(NEXT_AVAILABILITY, after, limit)]


async def bump_availability(transaction: Transaction, person_id: UUID) -> None:
    """Give the locked availability its next version."""
    await transaction.execute("UPDATE availability SET version = version + 1 WHERE person_id = $1", person_id)


async def set_availability(
    transaction: Transaction, person_id: UUID, capacity: int | None, paused_until: object
) -> None:
    """Keep what a mentor wants to take."""
    query = "UPDATE availability SET capacity = $2, paused_until = $3 WHERE person_id = $1"
    await transaction.execute(query, person_id, capacity, paused_until)


async def session(transaction: Transaction, session_id: UUID) -> Session | None:
    """One session."""
    row = await transaction.fetchrow("SELECT * FROM session WHERE session_id = $1", session_id)
    return Session(**row) if row else None


async def lock_session(transaction: Transaction, session_id: UUID) -> Session | None:
    """One session, locked until this transaction ends."""
    row = await transaction.fetchrow("SELECT * FROM session WHERE session_id = $1 FOR UPDATE", session_id)
    return Session(**row) if row else None


async def save_sessions(transaction: Transaction, sessions: Sequence[Session]) -> None:
    """Insert or replace sessions, whose rows the caller has locked."""
    await transaction.execute(SAVE_SESSION, [{name: getattr(s, name) for name in COLUMNS} for s in sessions])


async def sessions_of(
    transaction: Transaction, person_id: UUID, role: str, state: str | None, after: Sequence[Any] | None, limit: int
) -> list[Session]:
    """A person's sessions, newest first, after a cursor's (created_at, id). `role` is learner, mentor or any."""
    created_at, session_id = after or (None, None)
    rows = await transaction.fetch(LIST_SESSIONS, person_id, role, state, created_at, session_id, limit)
    return [Session(**row) for row in rows]


async def count_open_of_learner(transaction: Transaction, learner_id: UUID, program_id: UUID) -> int:
    """How many requests of a learner wait for an answer in a program."""
    query = "SELECT count(*) FROM session WHERE learner_id = $1 AND program_id = $2 AND state = 'requested'"
    count: int = await transaction.fetchval(query, learner_id, program_id)
    return count


async def count_open(transaction: Transaction) -> int:
    """How many requests wait for an answer."""
    count: int = await transaction.fetchval("SELECT count(*) FROM session WHERE state = 'requested'")
    return count


async def overdue_ids(transaction: Transaction, at: datetime, limit: int) -> list[UUID]:
    """Requests whose time is over, those that are longest over first."""
    return [row["session_id"] for row in await transaction.fetch(OVERDUE, at, limit)]


async def add_message(transaction: Transaction, message: Message) -> None:
    """Keep a message."""
    query = """INSERT INTO message (message_id, session_id, position, sender_id, text, sent_at)
               VALUES ($1, $2, $3, $4, $5, $6)"""
    await transaction.execute(query, *astuple(message))


async def message(transaction: Transaction, message_id: UUID) -> Message | None:
    """The message with this id."""
    query = "SELECT message_id, session_id, position, sender_id, text, sent_at FROM message WHERE message_id = $1"
    row = await transaction.fetchrow(query, message_id)
    return Message(**row) if row else None


async def messages(transaction: Transaction, session_id: UUID, after: int, limit: int) -> list[Message]:
    """Messages of a session in order, after a position."""
    return [Message(**row) for row in await transaction.fetch(LIST_MESSAGES, session_id, after, limit)]


async def add_survey(
    transaction: Transaction, session_id: UUID, side: Role, helped: Helped, rating: int, minutes_saved: int | None
) -> bool:
    """Keep one side's answer; False when there was one."""
    query = """INSERT INTO survey (session_id, side, helped, rating, minutes_saved) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT DO NOTHING RETURNING true"""
    return bool(await transaction.fetchval(query, session_id, side, helped, rating, minutes_saved))


async def wish(transaction: Transaction, session_id: UUID, side: Role, wish: bool) -> bool:
    """Keep one side's wish; True when both wish now."""
    keep = """INSERT INTO wish (session_id, side, wish) VALUES ($1, $2, $3)
              ON CONFLICT (session_id, side) DO UPDATE SET wish = $3"""
    await transaction.execute(keep, session_id, side, wish)
    both: bool = await transaction.fetchval("SELECT count(*) = 2 FROM wish WHERE session_id = $1 AND wish", session_id)
    return both


async def held_near(transaction: Transaction, session: Session, within: timedelta) -> bool:
    """Whether the two had another session in the program not long before or after."""
    assert session.held_on, "asked of a session that was held"
    pair = (session.learner_id, session.mentor_id)
    days = (session.held_on - within, session.held_on + within)
    found: bool = await transaction.fetchval(HELD_NEAR, session.program_id, session.session_id, *pair, *days)
    return found


async def make_relationship(transaction: Transaction, session: Session, at: datetime) -> bool:
    """Keep that the two have a relationship in the program; False when they had one."""
    pair = (session.learner_id, session.mentor_id)
    return bool(await transaction.fetchval(MAKE_RELATIONSHIP, session.program_id, *pair, at))


async def relationships_of(transaction: Transaction, person_id: UUID) -> list[dict[str, Any]]:
    """Whom a person has a relationship with, newest first, at most 500: program_id, person_id, made_at."""
    return [dict(row) for row in await transaction.fetch(LIST_RELATIONSHIPS, person_id)]


async def add_departures(transaction: Transaction, person_ids: Collection[UUID]) -> None:
    """Have these people's open sessions looked at, if they have any."""
    await transaction.execute(ADD_DEPARTURES, list(person_ids))


async def some_departure(transaction: Transaction) -> Departure | None:
    """Somebody whose sessions are to be looked at."""
    row = await transaction.fetchrow("SELECT person_id, version FROM departure ORDER BY person_id LIMIT 1")
    return Departure(**row) if row else None


async def forget_departure(transaction: Transaction, departure: Departure) -> None:
    """The sessions of somebody were looked at, unless they changed again meanwhile."""
    query = "DELETE FROM departure WHERE person_id = $1 AND version = $2"
    await transaction.execute(query, departure.person_id, departure.version)


async def open_sessions_of(transaction: Transaction, person_id: UUID) -> list[Session]:
    """Requested and accepted sessions of a person on either side."""
    return [Session(**row) for row in await transaction.fetch(OPEN_OF, person_id)]
