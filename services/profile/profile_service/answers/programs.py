"""What owners and participants of programs are answered."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from chassis.http import Answer, Page
from flash_schemas.profile import (
    EligibilityRule,
    Objective,
    RequestPolicy,
    SearchFields,
    SurveyQuestion,
)

from profile_service.model import Organisation, Program, ProgramBody
from profile_service.store import Progress


class ProgressAnswer(Answer):
    """How far everybody's participation has been evaluated since the last change of the program."""

    people_done: int
    people_total: int
    finished: bool


class ProgramAnswer(Answer):
    """A program with everything its owners set; only they see whom its rule names. `communication` is for everybody.

    `continues` is the program that it took over from.
    """

    program_id: UUID
    version: int
    status: Literal["active", "archived"]
    owners: tuple[UUID, ...]
    name: str
    objectives: tuple[Objective, ...]
    eligibility: EligibilityRule
    search_fields: SearchFields
    request_policy: RequestPolicy
    starts_on: date
    ends_on: date | None
    communication: str
    survey_questions: tuple[SurveyQuestion, ...]
    continues: UUID | None
    participation_progress: ProgressAnswer | None

    @classmethod
    def of(cls, program: Program, progress: Progress | None) -> "ProgramAnswer":
        """The program as its owners see it."""
        about = {name: getattr(program, name) for name in ("program_id", "version", "status", "owners", "continues")}
        return cls(**about, **dict(program.body), participation_progress=progress)

    def for_participants(self) -> "ProgramAnswer":
        """The same without the people whom the rule names."""
        rule = self.eligibility.model_copy(update={"included": (), "excluded": ()})
        return self.model_copy(update={"eligibility": rule})


class ProgramItem(Answer):
    """A program in a list."""

    program_id: UUID
    name: str
    status: Literal["active", "archived"]
    starts_on: date
    ends_on: date | None
    owned: bool


class ProgramPage(Page):
    """Programs by name."""

    items: list[ProgramItem]


class ProgramVersionItem(Answer):
    """A program as it was after one change; `changed_by` is null where the day had come, or nobody remembers."""

    version: int
    change: str
    changed_by: UUID | None
    changed_at: datetime
    status: Literal["active", "archived"]
    owners: tuple[UUID, ...]
    body: ProgramBody


class ProgramVersionPage(Page):
    """The versions of a program, newest first."""

    items: list[ProgramVersionItem]


class UnitItem(Answer):
    """A unit and the names on its way from the root."""

    unit_id: UUID
    name: str
    path: tuple[str, ...]


class UnitPage(Page):
    """Units by name."""

    items: list[UnitItem]

    @classmethod
    def of(cls, organisation: Organisation, name_part: str, after: list[Any] | None, limit: int) -> list[UnitItem]:
        """Open units whose name contains `name_part`, after a cursor's (name, id), at most `limit`."""
        open_units = [unit for unit in organisation.units.values() if not unit.closed]
        found = sorted((u.name, str(u.unit_id)) for u in open_units if name_part.casefold() in u.name.casefold())
        rest = [unit_id for name, unit_id in found if after is None or [name, unit_id] > after][:limit]
        paths = [organisation.path(UUID(unit_id)) for unit_id in rest]
        return [
            UnitItem(unit_id=path[-1].unit_id, name=path[-1].name, path=tuple(ref.name for ref in path))
            for path in paths
        ]
