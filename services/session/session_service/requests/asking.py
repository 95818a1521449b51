"""Step 1 of the write path: what asking takes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from chassis.http import Strict
from flash_schemas.base import LongText, ShortText
from flash_schemas.session import Format
from pydantic import Field

from session_service.model import Ask
from session_service.requests.conversation import MessageText


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
