"""What is answered about sessions."""

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from chassis.http import Answer, Page
from flash_schemas.base import Role
from flash_schemas.session import CancelReason, Format

from session_service.clock_times import LocalDateTime
from session_service.model import PlaceKind, Session, State


class PlaceAnswer(Answer):
    """Where the two meet; `where` is the address of a video room."""

    kind: PlaceKind
    where: str


NextStep = Literal["being_passed_on", "passed_on", "ask_suggested", "search_again"]
TURN = ("then_ask", "open_to_all", "passed_from", "passed_to")


def next_step(session: Session) -> NextStep | None:
    """What is best for a learner after a request that ended without a yes; None while there is hope."""
    if session.state not in ("declined", "expired", "withdrawn"):
        return None
    if session.passing or session.passed_to:
        return "being_passed_on" if session.passing else "passed_on"
    return "ask_suggested" if session.suggested_id else "search_again"


class ProposalAnswer(Answer):
    """What the mentor would rather do, and what the learner said to it."""

    format: Format
    minutes: int
    times: list[datetime]
    answer: Literal["agreed", "refused"] | None


class SessionAnswer(Answer):
    """A session as one of the two sees it. `wall_clock` is what clocks in `time_zone` show when it starts."""

    session_id: UUID
    version: int
    state: State
    role: Role
    program_id: UUID
    learner_id: UUID
    mentor_id: UUID
    skill_id: UUID | None
    want_to_learn: str
    tried: str
    format: Format
    minutes: int
    created_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    starts_at: datetime | None
    wall_clock: LocalDateTime | None
    time_zone: str | None
    place: PlaceAnswer | None
    held_on: date | None
    messages: int
    formal_goal: dict[str, str] | None
    by_when: date | None
    viewed_at: datetime | None
    clock_stopped_at: datetime | None
    information: Literal["asked", "given"] | None
    proposal: ProposalAnswer | None
    proposed_times: list[datetime] | None
    suggested_id: UUID | None
    cancel_reason: CancelReason | None
    then_ask: list[UUID] | None
    open_to_all: bool | None
    passed_from: UUID | None
    passed_to: UUID | None
    next_step: NextStep | None

    @classmethod
    def of(cls, session: Session, viewer: UUID) -> "SessionAnswer":
        """The session with the viewer's own role in it. Raises NotFound for everybody else.

        Who else was asked, or will be, is the learner's alone to know.
        """
        role = session.side_of(viewer)
        if role == "learner" and session.suggestion_hidden:
            session = replace(session, suggested_id=None)
        turn = {"next_step": next_step(session)} if role == "learner" else {**dict.fromkeys(TURN), "next_step": None}
        values: dict[str, Any] = {**asdict(session), "role": role, **turn}
        return cls.model_validate(values)


class SessionPage(Page):
    """Sessions, newest first."""

    items: list[SessionAnswer]
