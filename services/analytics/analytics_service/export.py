"""The read path of a data export: numbers and times under a person's id are all that this service keeps, no words.

Of what two people had a part in, that is what concerns both: not the other's rating, nor whether they used what they
learnt. Who the other was, the session service's export says.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from chassis.auth import Caller, allow
from chassis.export import PAGE, Accept, Export, exported
from chassis.http import Answer, DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter, Depends
from fastapi.responses import Response
from flash_schemas.base import Role

from analytics_service.reads import snapshot

ABOUT = (
    "When you asked or were asked, met, wrote, searched and answered, and numbers of it under your id: in what you had "
    "a part, on which day, and in which department you stood then. No names, no texts. Reports show groups of five "
    "people and more, never you."
)
LIMIT_ROWS = 10_000
PARTS = """
SELECT program_id, measure, day, amount FROM rollup_person WHERE person_id = $1 AND amount > 0
ORDER BY day DESC, program_id, measure LIMIT $2
"""
PLACES = """
SELECT p.valid_from, u.name AS department FROM person_unit AS p JOIN unit AS u USING (unit_id)
WHERE person_id = $1 ORDER BY version DESC LIMIT $2
"""
SESSIONS = """
SELECT session_id, program_id, CASE learner_id WHEN $1 THEN 'learner' ELSE 'mentor' END AS side, requested_at,
    accepted_at, declined_at, countered_at, expired_at, withdrawn_at, starts_at, cancelled_at, held_on, not_held_at,
    learner_message_at, mentor_message_at, solved_at,
    CASE learner_id WHEN $1 THEN followed_up_at END AS followed_up_at, CASE learner_id WHEN $1 THEN used END AS used
FROM session_fact WHERE $1 IN (learner_id, mentor_id) ORDER BY requested_at DESC NULLS LAST, session_id LIMIT $2
"""
SURVEYS = """
SELECT session_id, program_id, side, sent_at, answered_at, rating FROM survey_fact WHERE person_id = $1
ORDER BY sent_at DESC NULLS LAST, session_id LIMIT $2
"""
PAIRS = """
SELECT program_id, first_held_on, related_at FROM pair_fact WHERE $1 IN (person_a, person_b)
ORDER BY first_held_on DESC NULLS LAST, person_a, person_b LIMIT $2
"""
MESSAGES = """
SELECT message_id, program_id, CASE sender_id WHEN $1 THEN 'sender' ELSE 'recipient' END AS side, sent_at
FROM message_fact WHERE $1 IN (sender_id, recipient_id) ORDER BY sent_at DESC, message_id LIMIT $2
"""
SEARCHES = """
SELECT search_id, program_id, searched_at, available FROM search_fact WHERE searcher_id = $1
ORDER BY searched_at DESC, search_id LIMIT $2
"""
KEPT: Mapping[str, str] = {
    "parts": PARTS,
    "places": PLACES,
    "sessions": SESSIONS,
    "surveys": SURVEYS,
    "pairs": PAIRS,
    "messages": MESSAGES,
    "searches": SEARCHES,
}

router = APIRouter(prefix="/api/v1", tags=["me"], responses=documented(401, 403, 422, 503))

Employee = Annotated[Caller, Depends(allow("employee"))]


class Part(Answer):
    """In how many cases of a measure the person had a part on a day."""

    program_id: UUID
    measure: str
    day: date
    amount: int


class Place(Answer):
    """The department in which the person stands from a moment on."""

    valid_from: datetime
    department: str


class CountedSession(Answer):
    """When what happened in a session of the person's; whether they used what they learnt, if they were the learner."""

    session_id: UUID
    program_id: UUID
    side: Role
    requested_at: datetime | None
    accepted_at: datetime | None
    declined_at: datetime | None
    countered_at: datetime | None
    expired_at: datetime | None
    withdrawn_at: datetime | None
    starts_at: datetime | None
    cancelled_at: datetime | None
    held_on: date | None
    not_held_at: datetime | None
    learner_message_at: datetime | None
    mentor_message_at: datetime | None
    solved_at: datetime | None
    followed_up_at: datetime | None
    used: bool | None


class CountedSurvey(Answer):
    """The person's own two taps."""

    session_id: UUID
    program_id: UUID
    side: Role
    sent_at: datetime | None
    answered_at: datetime | None
    rating: int | None


class CountedPair(Answer):
    """Since when the person and somebody else have met, and want to meet again."""

    program_id: UUID
    first_held_on: date | None
    related_at: datetime | None


class CountedMessage(Answer):
    """When a message was sent, by the person or to them."""

    message_id: UUID
    program_id: UUID
    side: Literal["sender", "recipient"]
    sent_at: datetime


class CountedSearch(Answer):
    """When the person searched, and how many available people they could be offered."""

    search_id: UUID
    program_id: UUID
    searched_at: datetime
    available: int


class FiguresExport(Export):
    """Everything that the analytics service keeps of a person; `complete` unless there is too much for one answer."""

    complete: bool
    parts: list[Part]
    places: list[Place]
    sessions: list[CountedSession]
    surveys: list[CountedSurvey]
    pairs: list[CountedPair]
    messages: list[CountedMessage]
    searches: list[CountedSearch]


@router.get("/me/figures/export", response_model=FiguresExport, responses=PAGE)
async def export_own_figures(caller: Employee, database: DatabaseDep, accept: Accept = None) -> Response:
    """Everything that is kept here about the caller: the newest 10,000 of each kind."""
    async with snapshot(database) as connection:
        found = {name: await connection.fetch(sql, caller.person, LIMIT_ROWS + 1) for name, sql in KEPT.items()}
    about = {"service": "analytics", "about": ABOUT, "person_id": caller.person, "exported_at": datetime.now(UTC)}
    complete = all(len(rows) <= LIMIT_ROWS for rows in found.values())
    kept = {name: [dict(row) for row in rows[:LIMIT_ROWS]] for name, rows in found.items()}
    return exported(FiguresExport.model_validate({**about, "complete": complete, **kept}), accept)
