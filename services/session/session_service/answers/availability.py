"""What is answered about what a mentor takes."""

from dataclasses import asdict
from datetime import date

from chassis.http import Answer

from session_service.model import Availability


class AvailabilityAnswer(Answer):
    """What somebody takes; `slots_left` is for `month`, in the program that allows most."""

    version: int
    capacity: int | None
    paused_until: date | None
    month: str
    slots_left: int
    open_requests: int

    @classmethod
    def of(cls, availability: Availability, limit: int) -> "AvailabilityAnswer":
        """The availability with what is left of this month, under a program's limit."""
        return cls.model_validate({**asdict(availability), "slots_left": availability.slots_left(limit)})
