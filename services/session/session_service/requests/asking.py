"""Step 1 of the write path: what asking takes."""

from dataclasses import replace
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


class CardBody(Strict):
    """The need card: what I want to learn, in words and as a skill if there is one, and how."""

    skill_id: UUID | None = None
    want_to_learn: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
    tried: LongText = ""
    format: Format
    minutes: Annotated[int, Field(ge=5, le=240)] = 30
    by_when: date | None = None
    formal_goal: FormalGoal | None = None

    def ask(self, program_id: UUID, mentor_id: UUID) -> Ask:
        """The card as the model takes it, held out to a mentor."""
        card = {name: getattr(self, name) for name in CardBody.model_fields}
        goal = self.formal_goal.model_dump() if self.formal_goal else None
        return Ask(program_id=program_id, mentor_id=mentor_id, **{**card, "formal_goal": goal})


class AskBody(CardBody):
    """One request to one mentor; the draft that it was is gone with it.

    Who says so is asked in turn: without a yes, those in `then_ask` are asked one after the other, and `open_to_all`
    lets everybody take it after them who knows the skill.
    """

    program_id: UUID
    mentor_id: UUID
    message: MessageText
    draft_id: UUID | None = None
    then_ask: Annotated[tuple[UUID, ...], Field(max_length=2)] = ()
    open_to_all: bool = False

    @property
    def in_turn(self) -> Ask:
        """The same as the model takes it, with who is next."""
        return replace(self.ask(self.program_id, self.mentor_id), then_ask=self.then_ask, open_to_all=self.open_to_all)


class DraftBody(Strict):
    """A request as far as it has come; only its learner ever sees it."""

    program_id: UUID | None = None
    mentor_id: UUID | None = None
    skill_id: UUID | None = None
    want_to_learn: Annotated[str, Field(max_length=1000)] = ""
    tried: LongText = ""
    message: LongText = ""
    format: Format | None = None
    minutes: Annotated[int, Field(ge=5, le=240)] | None = None
    by_when: date | None = None
    formal_goal: FormalGoal | None = None
