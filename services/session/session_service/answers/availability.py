"""What is answered about what a mentor takes."""

from dataclasses import asdict
from datetime import date, datetime

from chassis.http import Answer

from session_service.model import Availability


class VacationItem(Answer):
    """Days on which a mentor takes nothing, until the first day back."""

    starts_on: date
    back_on: date


class AvailabilityAnswer(Answer):
    """What somebody takes; `slots_left` is for `month`, in the program that allows most.

    `silent_since` is when they were paused because they left three requests in a row unanswered.
    """

    version: int
    capacity: int | None
    paused_until: date | None
    month: str
    slots_left: int
    open_requests: int
    vacations: list[VacationItem]
    silent_since: datetime | None

    @classmethod
    def of(cls, availability: Availability, limit: int) -> "AvailabilityAnswer":
        """The availability with what is left of this month, under a program's limit."""
        return cls.model_validate({**asdict(availability), "slots_left": availability.slots_left(limit)})
