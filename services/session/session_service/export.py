"""The read path of a data export: what this service keeps of a person, as far as that person may see it.

Of the other side of a session that is what they said to this person; not their survey, nor what they wished for.
"""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from chassis.export import PAGE, Accept, Export, exported
from chassis.http import Answer, DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter
from fastapi.responses import Response

from session_service import store
from session_service.answers import (
    BlockItem,
    DraftAnswer,
    MessageAnswer,
    OpenCallAnswer,
    RelationshipItem,
    ReportAnswer,
    SessionAnswer,
    VacationItem,
)
from session_service.api.common import Employee, KeyringDep
from session_service.clock_times import LocalTime
from session_service.model import Helped, Statement, Used
from session_service.notices.preferences import Preferences
from session_service.sealing import Keyring
from session_service.store import deliveries, notices

ABOUT = (
    "Your requests and sessions, drafts of them, what was written in them, your own survey answers and wishes, what "
    "you take as a mentor, how you are reached, what you were told of and what you chose about that. What the other "
    "side answered or wished is theirs."
)
LIMIT_SESSIONS, LIMIT_MESSAGES, LIMIT_NOTICES = 1_000, 10_000, 10_000

READING = "SELECT session_id, position, read_at FROM read_mark WHERE session_id = ANY ($1) AND reader_id = $2"
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


class ExportedReading(Answer):
    """How far the person has read in a conversation."""

    session_id: UUID
    position: int
    read_at: datetime


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


class ExportedNotice(Answer):
    """What the person was told of, and when they read it in the app."""

    notice_id: UUID
    kind: str
    session_id: UUID | None
    made_at: datetime
    read_at: datetime | None


class ExportedContact(Answer):
    """How the person is called and reached, as their profile says."""

    name: str | None
    email: str | None
    languages: list[str]
    time_zone: str | None


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
    work_from: LocalTime
    work_until: LocalTime
    work_days: list[int]
    busy: list[list[datetime]]


class SessionExport(Export):
    """Everything that the session service keeps of a person; `complete` unless there is too much for one answer."""

    complete: bool
    capacity: int | None
    paused_until: date | None
    vacations: list[VacationItem]
    calendar: ExportedCalendar | None
    sessions: list[SessionAnswer]
    drafts: list[DraftAnswer]
    open_calls: list[OpenCallAnswer]
    messages: list[ExportedMessage]
    blocks: list[BlockItem]
    reports: list[ReportAnswer]
    read: list[ExportedReading]
    surveys: list[ExportedSurvey]
    wishes: list[ExportedWish]
    answers: list[ExportedAnswer]
    follow_ups: list[ExportedFollowUp]
    statements: list[ExportedStatement]
    relationships: list[RelationshipItem]
    contact: ExportedContact
    notices: list[ExportedNotice]
    notice_preferences: Preferences


@router.get("/me/sessions/export", response_model=SessionExport, responses=PAGE)
async def export_own_sessions(
    caller: Employee, database: DatabaseDep, keyring: KeyringDep, accept: Accept = None
) -> Response:
    """Everything that is kept here about the caller: the newest 1,000 sessions, 10,000 messages, 10,000 notices."""
    async with database.transaction() as transaction:
        values = await _collected(transaction, keyring, caller.person)
    about = {"service": "session", "about": ABOUT, "person_id": caller.person, "exported_at": datetime.now(UTC)}
    return exported(SessionExport.model_validate(about | values), accept)


async def _collected(transaction: Transaction, keyring: Keyring, person_id: UUID) -> dict[str, Any]:
    found = await store.sessions_of(transaction, person_id, "any", None, None, LIMIT_SESSIONS + 1)
    sessions = found[:LIMIT_SESSIONS]
    ids = [session.session_id for session in sessions]
    # Of the newest sessions first, so that what is cut off is the oldest.
    messages = await store.messages_of_sessions(transaction, keyring, ids, LIMIT_MESSAGES + 1)
    availability = await store.availability(transaction, person_id, datetime.now(UTC))
    told = await notices.feed(transaction, person_id, None, LIMIT_NOTICES + 1)
    _, chosen = await deliveries.own_preferences(transaction, person_id)
    return {
        "complete": len(found) <= LIMIT_SESSIONS and len(messages) <= LIMIT_MESSAGES and len(told) <= LIMIT_NOTICES,
        "capacity": availability.capacity,
        "paused_until": availability.paused_until,
        "vacations": availability.vacations,
        "calendar": await store.calendar(transaction, person_id),
        "sessions": [SessionAnswer.of(session, person_id) for session in sessions],
        "drafts": [DraftAnswer.of(draft) for draft in await store.drafts_of(transaction, person_id)],
        "open_calls": await store.calls_of(transaction, person_id, LIMIT_SESSIONS),
        "messages": [ExportedMessage.model_validate(message) for message in messages[:LIMIT_MESSAGES]],
        "read": [dict(row) for row in await transaction.fetch(READING, ids, person_id)],
        "blocks": await store.blocks_of(transaction, person_id),
        "reports": await store.reports_by(transaction, person_id),
        "surveys": [dict(row) for row in await transaction.fetch(SURVEYS, ids, person_id)],
        "wishes": [dict(row) for row in await transaction.fetch(WISHES, ids, person_id)],
        "answers": [dict(row) for row in await transaction.fetch(ANSWERS, ids, person_id)],
        "follow_ups": [dict(row) for row in await transaction.fetch(FOLLOW_UPS, ids, person_id)],
        "statements": [dict(row) for row in await transaction.fetch(STATEMENTS, ids, person_id)],
        "relationships": await store.relationships_of(transaction, person_id),
        "contact": (await store.contacts(transaction, [person_id]))[person_id],
        "notices": told[:LIMIT_NOTICES],
        "notice_preferences": chosen,
    }
