"""Step 1 of the write path: what meeting takes."""

from datetime import date

from chassis.http import Strict
from pydantic import AwareDatetime


class ScheduleBody(Strict):
    """When the two meet."""

    starts_at: AwareDatetime


class HeldBody(Strict):
    """The day on which the two met."""

    held_on: date
