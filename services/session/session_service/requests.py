"""Step 1 of the write path: the bodies that the session service takes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from chassis.http import Strict
from flash_schemas.base import LongText, ShortText
from flash_schemas.session import Format
from pydantic import AwareDatetime, Field

from session_service.asking import Ask
from session_service.model import DeclineReason, Helped

MessageText = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]


class FormalGoal(Strict):
    """A goal of a longer, formal mentoring relationship, by the references of the system that keeps it."""

    relationship: ShortText
    goal: ShortText


class AskBody(Strict):
    """One request to one mentor."""

    program_id: UUID
    mentor_id: UUID
    skill_id: UUID | None = None
    want_to_learn: Annotated[str, Field(min_length=1, max_length=1000)]
    tried: LongText = ""
    message: MessageText
    format: Format
    minutes: Annotated[int, Field(ge=5, le=240)] = 30
    by_when: date | None = None
    formal_goal: FormalGoal | None = None

    @property
    def ask(self) -> Ask:
        """The same as the model takes it."""
        goal = self.formal_goal.model_dump() if self.formal_goal else None
        return Ask(**{**{name: value for name, value in self if name != "message"}, "formal_goal": goal})


class DeclineBody(Strict):
    """Why not; nothing needs to be said."""

    reason: DeclineReason = "not_given"


class ScheduleBody(Strict):
    """When the two meet."""

    starts_at: AwareDatetime


class HeldBody(Strict):
    """The day on which the two met."""

    held_on: date


class SurveyBody(Strict):
    """Two taps, and how much time it saved."""

    helped: Helped
    rating: Annotated[int, Field(ge=1, le=5)]
    minutes_saved: Annotated[int, Field(ge=0, le=10_000)] | None = None


class WishBody(Strict):
    """Whether to meet again; nobody else ever sees it."""

    wish: bool


class MessageBody(Strict):
    """A message. With an id of its own, or an Idempotency-Key, sending it again sends nothing twice."""

    message_id: UUID | None = None
    text: MessageText


class AvailabilityBody(Strict):
    """How many sessions a month, null for as many as the program allows; and the first day back from a pause."""

    capacity: Annotated[int, Field(ge=0, le=50)] | None = None
    paused_until: date | None = None
