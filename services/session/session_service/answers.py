"""What the session service answers to the two whom a session concerns."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.http import Answer, Page
from flash_schemas.base import Role
from flash_schemas.session import Format

from session_service.asking import Availability
from session_service.model import Session, State


class SessionAnswer(Answer):
    """A session as one of the two sees it."""

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
    held_on: date | None
    messages: int
    formal_goal: dict[str, str] | None

    @classmethod
    def of(cls, session: Session, viewer: UUID) -> "SessionAnswer":
        """The session with the viewer's own role in it. Raises NotFound for everybody else."""
        values: dict[str, Any] = {**asdict(session), "role": session.side_of(viewer)}
        return cls.model_validate(values)


class SessionPage(Page):
    """Sessions, newest first."""

    items: list[SessionAnswer]


class MessageAnswer(Answer):
    """A message in its place in the conversation."""

    message_id: UUID
    position: int
    sender_id: UUID
    text: str
    sent_at: datetime


class MessagePage(Page):
    """Messages in order."""

    items: list[MessageAnswer]


class AvailabilityAnswer(Answer):
    """What somebody takes; `slots_left` is for `month`, in the program that allows most."""

    version: int
    capacity: int | None
    paused_until: date | None
    month: str
    slots_left: int
    open_requests: int

    @classmethod
    def of(cls, availability: Availability, limit: int) -> "AvailabilityAnswer":
        """The availability with what is left of this month, under a program's limit."""
        return cls.model_validate({**asdict(availability), "slots_left": availability.slots_left(limit)})


class RelationshipItem(Answer):
    """Somebody whom both wished to meet again."""

    person_id: UUID
    program_id: UUID
    made_at: datetime


class RelationshipPage(Page):
    """Relationships, newest first; at most 500."""

    items: list[RelationshipItem]
