"""What the HR platform is answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from chassis.http import Answer
from flash_schemas.profile import (
    EmploymentStatus,
)

from profile_service.hr import Result
from profile_service.model import Organisation
from profile_service.store import WaitingPass


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
    """A person as HR knows them: by number. `sequence` is the newest event's, or else its time in microseconds."""

    employee_number: str
    person_id: UUID
    status: EmploymentStatus
    sequence: int
    manager_id: UUID | None


class SnapshotRefusal(Answer):
    """What a snapshot says of a unit or a person and what cannot be."""

    unit: str | None
    employee_number: str | None
    reason: str
    field: str


class SnapshotAnswer(Answer):
    """A sender's newest snapshot: how far it has come, and the first 100 units and people it was refused for."""

    source: str
    snapshot: str
    sequence: int | None
    at: datetime
    phase: Literal["receiving", "judging", "units", "people", "missing_people", "missing_units", "done", "refused"]
    parts: tuple[int, ...]
    last_part: int | None
    confirmed: bool
    reason: str | None
    applied: int
    ignored: int
    refused: int
    refusals: tuple[SnapshotRefusal, ...]


class SnapshotsAnswer(Answer):
    """Snapshots by sender."""

    items: list[SnapshotAnswer]


class PassesAnswer(Answer):
    """The passes over people that are still to be made; a person concerned by two of them counts twice."""

    passes_waiting: int
    waiting_since: datetime | None
    people_done: int
    people_total: int

    @classmethod
    def of(
        cls, passes: Sequence[WaitingPass], people: Mapping[UUID, int], organisation: Organisation
    ) -> "PassesAnswer":
        """Count the people below each pass's unit, or all of them."""
        every = sum(people.values())
        totals = [
            sum(people.get(unit_id, 0) for unit_id in organisation.below(each.unit_id)) if each.unit_id else every
            for each in passes
        ]
        return cls(
            passes_waiting=len(passes),
            waiting_since=passes[0].created_at if passes else None,
            people_done=sum(each.people_done for each in passes),
            people_total=sum(totals),
        )
