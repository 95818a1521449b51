"""Step 1 of the write path: bodies that program owners send."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID, uuid4, uuid5

from chassis.http import Strict
from flash_schemas.base import ShortText
from flash_schemas.profile import (
    Direction,
    EligibilityRule,
    Metric,
    Objective,
    QuestionKind,
    RequestPolicy,
    SearchFields,
    SurveyQuestion,
)
from pydantic import Field, model_validator

from profile_service.model import Period, Program, ProgramBody, shifted

WORDINGS = UUID("6f1a3f52-6c43-4b0e-9c0e-2f4f8d1f7a10")
"""The name space of survey questions."""
MAX_TARGET = 1_000_000_000


class ObjectiveEdit(Strict):
    """A target on one metric. Keep `objective_id` when editing, so that it stays the same objective."""

    objective_id: UUID = Field(default_factory=uuid4)
    text: ShortText
    metric: Metric
    target: Annotated[float, Field(gt=0, le=MAX_TARGET, allow_inf_nan=False)]
    due: date
    smallest_cases: Annotated[int, Field(ge=1, le=10_000)] = 5
    direction: Direction = "at_least"


class SurveyQuestionEdit(Strict):
    """Both sides are asked it after a session. A choice names 2 to 10 answers; a scale goes from 1 to 5."""

    kind: QuestionKind
    text: ShortText
    choices: Annotated[tuple[ShortText, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _choices_of_a_choice(self) -> Self:
        if self.kind != "choice" and self.choices:
            raise ValueError("only a choice names answers")
        if self.kind == "choice" and len(set(self.choices)) < max(2, len(self.choices)):
            raise ValueError("a choice names at least two answers, each once")
        return self

    @property
    def question(self) -> SurveyQuestion:
        """The same with its id, which follows from the wording: a question that is put otherwise is another one."""
        return SurveyQuestion(question_id=uuid5(WORDINGS, self.model_dump_json()), **dict(self))


class ProgramEdit(Strict):
    """Everything an owner sets in a program."""

    name: ShortText
    objectives: Annotated[tuple[ObjectiveEdit, ...], Field(min_length=1, max_length=20)]
    eligibility: EligibilityRule = EligibilityRule()
    search_fields: SearchFields = SearchFields()
    request_policy: RequestPolicy = RequestPolicy()
    starts_on: date
    ends_on: date | None = None
    communication: Annotated[str, Field(max_length=2_000)] = ""
    survey_questions: Annotated[tuple[SurveyQuestionEdit, ...], Field(max_length=3)] = ()

    @property
    def body(self) -> ProgramBody:
        """The same as the model takes it."""
        objectives = tuple(Objective(**dict(objective)) for objective in self.objectives)
        questions = tuple(edit.question for edit in self.survey_questions)
        return ProgramBody(**{**dict(self), "objectives": objectives, "survey_questions": questions})


class PreviewRequest(Strict):
    """A rule to try, and the program of the caller's with whose present rule to compare it."""

    eligibility: EligibilityRule
    program_id: UUID | None = None


class NextPeriod(Strict):
    """When the new program runs; what is absent follows from the old one: the same name, the same number of days."""

    name: ShortText | None = None
    starts_on: date | None = None
    ends_on: date | None = None

    def after(self, program: Program, starts_on: date) -> Period:
        """The period of a program that is to follow another; it starts on `starts_on` if nothing else is said."""
        first = self.starts_on or starts_on
        old = program.body
        length = old.ends_on - old.starts_on if old.ends_on else None
        last = self.ends_on or (shifted(first, length, "starts_on") if length is not None else None)
        return Period(name=self.name or old.name, starts_on=first, ends_on=last)
