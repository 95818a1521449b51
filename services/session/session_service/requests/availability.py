"""Step 1 of the write path: what a mentor takes."""

from datetime import date
from typing import Annotated, Self

from chassis.http import Strict
from pydantic import Field, model_validator


class VacationBody(Strict):
    """Days on which a mentor takes nothing, until the first day back."""

    starts_on: date
    back_on: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.back_on <= self.starts_on:
            raise ValueError("the first day back comes after the first day away")
        return self


class AvailabilityBody(Strict):
    """How many sessions a month, null for as many as the program allows; the first day back from a pause; vacations."""

    capacity: Annotated[int, Field(ge=0, le=50)] | None = None
    paused_until: date | None = None
    vacations: Annotated[tuple[VacationBody, ...], Field(max_length=20)] = ()
