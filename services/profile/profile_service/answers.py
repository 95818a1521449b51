"""What the profile service answers, and to whom it shows what."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from chassis.http import Answer, Page
from flash_schemas.base import ShortText
from flash_schemas.profile import (
    EligibilityRule,
    EmploymentStatus,
    Experience,
    Objective,
    Participation,
    RequestPolicy,
    SearchField,
    SearchFields,
    Skill,
    UnitRef,
    Visibility,
)

from profile_service.hr import Result
from profile_service.model import Organisation, Person, Program
from profile_service.store import Progress


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


class ProgressAnswer(Answer):
    """How far everybody's participation has been evaluated since the last change of the program."""

    people_done: int
    people_total: int
    finished: bool


class ProgramAnswer(Answer):
    """A program with everything its owners set."""

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
    participation_progress: ProgressAnswer | None

    @classmethod
    def of(cls, program: Program, progress: Progress | None) -> "ProgramAnswer":
        """The program as its owners and participants see it."""
        about = {name: getattr(program, name) for name in ("program_id", "version", "status", "owners")}
        return cls(**about, **dict(program.body), participation_progress=progress)


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


class OwnProfile(Answer):
    """A person's own profile: what HR says, what the person says, and where they take part."""

    person_id: UUID
    version: int
    name: str
    job_title: str
    job_level: int
    location: str
    status: EmploymentStatus
    hired_on: date | None
    unit_path: tuple[UnitRef, ...]
    skills: tuple[Skill, ...]
    experience: tuple[Experience, ...]
    languages: tuple[ShortText, ...]
    time_zone: str | None
    bio: str
    can_help_with: tuple[ShortText, ...]
    visibility: dict[str, Visibility]
    participations: tuple[Participation, ...]

    @classmethod
    def of(cls, person: Person) -> "OwnProfile":
        """Everything there is."""
        about = {name: getattr(person, name) for name in cls.model_fields if hasattr(person, name)}
        return cls(**about, **dict(person.declared))


class LabelledSkill(Answer):
    """A skill somebody has, by name."""

    skill_id: UUID
    label: str
    level: int
    last_used: date | None
    confirmed_on: date


class PersonAnswer(Answer):
    """Somebody as a colleague of a shared program sees them; what may not be seen is null."""

    person_id: UUID
    name: str
    skills: list[LabelledSkill]
    unit_path: tuple[UnitRef, ...] | None = None
    location: str | None = None
    job_title: str | None = None
    job_level: int | None = None
    experience: tuple[Experience, ...] | None = None
    languages: tuple[str, ...] | None = None
    bio: str | None = None
    can_help_with: tuple[str, ...] | None = None

    @classmethod
    def of(cls, person: Person, shown: set[SearchField], labels: dict[UUID, str]) -> "PersonAnswer":
        """The person's name, skills and the `shown` fields."""
        skills = [LabelledSkill(label=labels[skill.skill_id], **_claim(skill)) for skill in person.declared.skills]
        every: dict[str, Any] = {
            "unit_path": person.unit_path,
            **{name: getattr(person, name) for name in ("location", "job_title", "job_level")},
            **{name: getattr(person.declared, name) for name in ("experience", "languages", "bio", "can_help_with")},
        }
        visible = {("unit_path" if name == "unit" else name) for name in shown}
        kept = {name: value for name, value in every.items() if name in visible}
        return cls(person_id=person.person_id, name=person.name, skills=skills, **kept)


def _claim(skill: Skill) -> dict[str, Any]:
    return skill.model_dump(include={"skill_id", "level", "last_used", "confirmed_on"})


class SkillAnswer(Answer):
    """An entry of the vocabulary."""

    skill_id: UUID
    version: int
    label: str
    aliases: tuple[str, ...]
    broader_id: UUID | None
    retired: bool
    merged_into: UUID | None


class SkillPage(Page):
    """Skills by label."""

    items: list[SkillAnswer]


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
