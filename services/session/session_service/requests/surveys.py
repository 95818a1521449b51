"""Step 1 of the write path: what a survey takes."""

from typing import Annotated
from uuid import UUID

from chassis.http import Strict
from pydantic import Field, StrictInt

from session_service.model import Helped, Taps, Used


class QuestionAnswer(Strict):
    """The answer to one of the owners' questions: one of its choices, a number from 1 to 5, or a text."""

    question_id: UUID
    answer: Annotated[StrictInt, Field(ge=1, le=5)] | Annotated[str, Field(max_length=2_000)]


class SurveyBody(Strict):
    """Two taps, how much time it saved, and what the program's owners ask; they never learn who answered."""

    helped: Helped
    rating: Annotated[int, Field(ge=1, le=5)]
    minutes_saved: Annotated[int, Field(ge=0, le=10_000)] | None = None
    answers: Annotated[tuple[QuestionAnswer, ...], Field(max_length=3)] = ()

    @property
    def taps(self) -> Taps:
        """The same as the model takes it, without what owners ask."""
        return Taps(self.helped, self.rating, self.minutes_saved)

    @property
    def pairs(self) -> list[tuple[UUID, str | int]]:
        """The answers to what owners ask."""
        return [(each.question_id, each.answer) for each in self.answers]


class FollowUpBody(Strict):
    """Whether the learner used what they learnt."""

    used: Used
