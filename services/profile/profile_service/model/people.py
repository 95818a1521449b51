"""The rules about people: what HR says, what they say of themselves, who sees what. Step 3 of the write path: pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from chassis.outbox import Outgoing
from chassis.problems import Refused
from flash_schemas.base import Value
from flash_schemas.profile import (
    EmploymentStatus,
    Experience,
    Participation,
    ProfileChange,
    ProfileChangedV1,
    Skill,
    UnitRef,
    Visibility,
)
from pydantic import Field

from profile_service.model.choices import Choice
from profile_service.model.orders import Orders
from profile_service.model.skills import VocabularySkill
from profile_service.model.versions import check_version


class Declared(Value):
    """What a person says of themselves; HR never changes it."""

    skills: tuple[Skill, ...] = ()
    experience: tuple[Experience, ...] = ()
    languages: tuple[str, ...] = ()
    time_zone: str | None = None
    bio: str = ""
    can_help_with: tuple[str, ...] = ()
    visibility: dict[str, Visibility] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """One employee. `choices` holds what the person chose per program; where absent, all roles, none paused.

    `manager_id` may be somebody whom HR named and who has not joined yet, or who left. It and `hr_orders` stay in
    this service.
    """

    person_id: UUID
    employee_number: str
    sequence: int
    version: int
    name: str
    job_title: str
    job_level: int
    location: str
    unit_id: UUID
    status: EmploymentStatus = "active"
    hired_on: date | None = None
    declared: Declared = field(default_factory=Declared)
    unit_path: tuple[UnitRef, ...] = ()
    participations: tuple[Participation, ...] = ()
    choices: Mapping[str, Choice] = field(default_factory=dict)
    manager_id: UUID | None = None
    hr_orders: Orders | None = None

    @property
    def erased(self) -> bool:
        """Whether nothing is left but the id: HR's numbers have at least one character."""
        return not self.employee_number

    def event(self, change: ProfileChange) -> Outgoing:
        """The whole person as the event that tells of this change; of who is erased nothing else is ever said."""
        declared = self.declared if self.status != "left" else Declared()
        event = ProfileChangedV1(
            person_id=self.person_id,
            change="erased" if self.erased else change,
            name=self.name,
            job_title=self.job_title,
            job_level=self.job_level,
            location=self.location,
            unit_path=self.unit_path,
            status=self.status,
            hired_on=self.hired_on,
            participations=self.participations,
            **dict(declared),
        )
        return Outgoing(event, self.version)


def declared_anew(person: Person, declared: Declared, expected_version: int) -> Person:
    """The person after an edit of their own profile. Raises PreconditionFailed."""
    check_version(person.version, expected_version)
    return replace(person, declared=declared, version=person.version + 1)


def chosen(person: Person, program_id: UUID, choice: Choice) -> Person:
    """The person with another choice of roles in a program; none means not taking part."""
    return replace(person, choices={**person.choices, str(program_id): choice})


def check_skills(declared: Declared, before: Iterable[Skill], known: Iterable[VocabularySkill]) -> None:
    """Raise Refused, naming the field, for a skill that is unknown, claimed twice, or retired.

    A retired one that was claimed `before` may stay: its owner can still edit everything else.
    """
    usable = {skill.skill_id for skill in known if not skill.retired} | {skill.skill_id for skill in before}
    claimed: set[UUID] = set()
    for index, skill in enumerate(declared.skills):
        if skill.skill_id not in usable:
            raise Refused("There is no such skill in use; see /api/v1/skills.", field=f"skills[{index}].skill_id")
        if skill.skill_id in claimed:
            raise Refused("This skill stands here twice.", field=f"skills[{index}].skill_id")
        claimed.add(skill.skill_id)
