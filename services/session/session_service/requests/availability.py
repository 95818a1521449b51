"""Step 1 of the write path: what a mentor takes."""

from datetime import date
from typing import Annotated

from chassis.http import Strict
from pydantic import Field


class AvailabilityBody(Strict):
    """How many sessions a month, null for as many as the program allows; and the first day back from a pause."""

    capacity: Annotated[int, Field(ge=0, le=50)] | None = None
    paused_until: date | None = None
