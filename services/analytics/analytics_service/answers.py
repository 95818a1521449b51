"""The shape of a report, as owners and dashboards read it."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from flash_schemas.profile import Direction, Metric
from pydantic import BaseModel, ConfigDict, Field

from analytics_service.model import Figure, ObjectiveState, State


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class FigureAnswer(Answer):
    """A figure, or why there is none: too few data, or a group of fewer than five people."""

    state: State
    value: float | None
    cases: int | None = Field(description="On how many cases the figure stands; absent when suppressed.")
    definition: str

    @classmethod
    def of(cls, figure: Figure, definition: str) -> Self:
        """The figure with the place of its definition."""
        return cls(state=figure.state, value=figure.value, cases=figure.cases, definition=definition)


class OutcomesAnswer(Answer):
    """What became of the requests made in the period."""

    state: State
    cases: int | None
    accepted: int | None = None
    declined: int | None = None
    expired: int | None = None
    withdrawn: int | None = None
    open: int | None = None
    definition: str


class ObjectiveAnswer(Answer):
    """An objective and whether it is met, counting from the program's start to the day it is due."""

    objective_id: UUID
    text: str
    metric: Metric
    target: float
    direction: Direction
    due: date
    state: ObjectiveState
    value: float | None
    interval: tuple[float, float] | None = Field(description="95 % confidence, for ratios; a count has none.")
    cases: int | None
    smallest_cases: int
    definition: str


class UnitAnswer(Answer):
    """A department's part; without id and name: people whose department is not known yet."""

    unit_id: UUID | None
    name: str | None
    requests_made: FigureAnswer
    sessions_held: FigureAnswer


class PeriodAnswer(Answer):
    """The days that the report covers, both included: whole months."""

    from_: date = Field(serialization_alias="from", validation_alias="from")
    to: date


class ReportAnswer(Answer):
    """The success of one program in one period."""

    program_id: UUID
    name: str
    period: PeriodAnswer
    as_of: datetime | None = Field(description="The newest session, message or search that the figures contain.")
    metrics: dict[str, FigureAnswer]
    outcomes: OutcomesAnswer
    objectives: list[ObjectiveAnswer]
    units: list[UnitAnswer]
