"""The read path of a data export: what this service keeps of a person, as far as that person may see it.

Of the other side of a session that is what they said to this person; not their survey, nor what they wished for.
"""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.export import PAGE, Accept, Export, exported
from chassis.http import Answer, DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter
from fastapi.responses import Response

from session_service import store
from session_service.answers import MessageAnswer, RelationshipItem, SessionAnswer
from session_service.api.common import Employee
from session_service.model import Helped, Statement, Used

ABOUT = (
    "Your requests and sessions, what was written in them, your own survey answers and wishes, and what you take as a "
    "mentor. What the other side answered or wished is theirs."
)
LIMIT_SESSIONS, LIMIT_MESSAGES = 1_000, 10_000

# The conversations of the newest sessions first, so that what is cut off is the oldest.
MESSAGES = """
SELECT message_id, session_id, position, sender_id, text, sent_at FROM message
WHERE session_id = ANY ($1) ORDER BY array_position($1, session_id), position LIMIT $2
"""
SURVEYS = """
SELECT v.session_id, v.helped, v.rating, v.minutes_saved FROM survey AS v JOIN session AS s USING (session_id)
WHERE session_id = ANY ($1) AND $2 = CASE v.side WHEN 'learner' THEN s.learner_id ELSE s.mentor_id END
"""
WISHES = """
SELECT w.session_id, w.wish FROM wish AS w JOIN session AS s USING (session_id)
WHERE session_id = ANY ($1) AND $2 = CASE w.side WHEN 'learner' THEN s.learner_id ELSE s.mentor_id END
"""

STATEMENTS = """
SELECT t.session_id, t.stated, t.stated_at FROM statement AS t JOIN session AS s USING (session_id)
WHERE session_id = ANY ($1) AND $2 = CASE t.side WHEN 'learner' THEN s.learner_id ELSE s.mentor_id END
"""
ANSWERS = """
SELECT a.session_id, a.question_id, a.answer FROM survey_answer AS a JOIN session AS s USING (session_id)
WHERE session_id = ANY ($1) AND $2 = CASE a.side WHEN 'learner' THEN s.learner_id ELSE s.mentor_id END
"""
FOLLOW_UPS = """
SELECT f.session_id, f.used FROM follow_up AS f JOIN session AS s USING (session_id)
WHERE session_id = ANY ($1) AND $2 = s.learner_id
"""

router = APIRouter(prefix="/api/v1", tags=["me"], responses=documented(401, 403, 422, 503))


class ExportedMessage(MessageAnswer):
    """A message and where it was said."""

    session_id: UUID


class ExportedSurvey(Answer):
    """The person's own two taps."""

    session_id: UUID
    helped: Helped
    rating: int
    minutes_saved: int | None


class ExportedWish(Answer):
    """Whether the person wished to meet again."""

    session_id: UUID
    wish: bool


class ExportedStatement(Answer):
    """Whether the person said that they met."""

    session_id: UUID
    stated: Statement
    stated_at: datetime


class ExportedAnswer(Answer):
    """What the person answered to a question of a program's owners."""

    session_id: UUID
    question_id: UUID
    answer: str


class ExportedFollowUp(Answer):
    """Whether the person used what they learnt."""

    session_id: UUID
    used: Used


class ExportedCalendar(Answer):
    """When the person works, and when their calendar said that they are busy."""

    time_zone: str
    work_from: time
    work_until: time
    work_days: list[int]
    busy: list[list[datetime]]


class SessionExport(Export):
    """Everything that the session service keeps of a person; `complete` unless there is too much for one answer."""

    complete: bool
    capacity: int | None
    paused_until: date | None
    calendar: ExportedCalendar | None
    sessions: list[SessionAnswer]
    messages: list[ExportedMessage]
    surveys: list[ExportedSurvey]
    wishes: list[ExportedWish]
    answers: list[ExportedAnswer]
    follow_ups: list[ExportedFollowUp]
    statements: list[ExportedStatement]
    relationships: list[RelationshipItem]


@router.get("/me/sessions/export", response_model=SessionExport, responses=PAGE)
async def export_own_sessions(caller: Employee, database: DatabaseDep, accept: Accept = None) -> Response:
    """Everything that is kept here about the caller: the newest 1,000 sessions and 10,000 messages in them."""
    async with database.transaction() as transaction:
        values = await _collected(transaction, caller.person)
    about = {"service": "session", "about": ABOUT, "person_id": caller.person, "exported_at": datetime.now(UTC)}
    return exported(SessionExport.model_validate(about | values), accept)


async def _collected(transaction: Transaction, person_id: UUID) -> dict[str, Any]:
    found = await store.sessions_of(transaction, person_id, "any", None, None, LIMIT_SESSIONS + 1)
    sessions = found[:LIMIT_SESSIONS]
    ids = [session.session_id for session in sessions]
    messages = await transaction.fetch(MESSAGES, ids, LIMIT_MESSAGES + 1)
    availability = await store.availability(transaction, person_id, datetime.now(UTC))
    return {
        "complete": len(found) <= LIMIT_SESSIONS and len(messages) <= LIMIT_MESSAGES,
        "capacity": availability.capacity,
        "paused_until": availability.paused_until,
        "calendar": await store.calendar(transaction, person_id),
        "sessions": [SessionAnswer.of(session, person_id) for session in sessions],
        "messages": [dict(row) for row in messages[:LIMIT_MESSAGES]],
        "surveys": [dict(row) for row in await transaction.fetch(SURVEYS, ids, person_id)],
        "wishes": [dict(row) for row in await transaction.fetch(WISHES, ids, person_id)],
        "answers": [dict(row) for row in await transaction.fetch(ANSWERS, ids, person_id)],
        "follow_ups": [dict(row) for row in await transaction.fetch(FOLLOW_UPS, ids, person_id)],
        "statements": [dict(row) for row in await transaction.fetch(STATEMENTS, ids, person_id)],
        "relationships": await store.relationships_of(transaction, person_id),
    }
