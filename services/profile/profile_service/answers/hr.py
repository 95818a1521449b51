"""What the HR platform is answered."""

from typing import Literal
from uuid import UUID

from chassis.http import Answer
from flash_schemas.profile import (
    EmploymentStatus,
)

from profile_service.hr import Result


class EventResult(Answer):
    """What became of one pushed event, with the id that the platform gave its subject."""

    id: str | None
    outcome: Literal["applied", "ignored", "refused"]
    reason: str | None
    field: str | None
    person_id: UUID | None
    unit_id: UUID | None


class PushAnswer(Answer):
    """What became of a push: totals, and each event in its order."""

    applied: int
    ignored: int
    refused: int
    results: list[EventResult]

    @classmethod
    def of(cls, results: list[Result]) -> "PushAnswer":
        """Count and list the results."""
        outcomes = [result.outcome for result in results]
        counts = {outcome: outcomes.count(outcome) for outcome in ("applied", "ignored", "refused")}
        return cls(**counts, results=[EventResult.model_validate(result) for result in results])


class EmployeeAnswer(Answer):
    """A person as HR knows them: by number."""

    employee_number: str
    person_id: UUID
    status: EmploymentStatus
    sequence: int
