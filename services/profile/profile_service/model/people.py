"""The rules about people: what HR says, what they say of themselves, who sees what. Step 3 of the write path: pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from chassis.outbox import Outgoing
from chassis.problems import Refused
from flash_schemas.base import Value
from flash_schemas.profile import (
    EmploymentStatus,
    Experience,
    MeetingFormat,
    MeetingMinutes,
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
from profile_service.model.versions import check_version


class Declared(Value):
    """What a person says of themselves; HR never changes it."""

    skills: tuple[Skill, ...] = ()
    experience: tuple[Experience, ...] = ()
    languages: tuple[str, ...] = ()
    time_zone: str | None = None
    bio: str = ""
    can_help_with: tuple[str, ...] = ()
    preferred_formats: tuple[MeetingFormat, ...] = ()
    preferred_minutes: tuple[MeetingMinutes, ...] = ()
    visibility: dict[str, Visibility] = Field(default_factory=dict)

    def check(self) -> None:
        """Raise Refused, naming the field, for a role that ended before it began."""
        for index, entry in enumerate(self.experience):
            if entry.until and entry.until < entry.since:
                raise Refused("It ends before it starts.", field=f"experience[{index}].until")


@dataclass(frozen=True, slots=True)
class Person:
    """One employee. `choices` holds what the person chose per program; where absent, all roles, none paused.

    `manager_id` may be somebody whom HR named and who has not joined yet, or who left. It and `hr_orders` stay in
    this service. `changed_on` says since when a field is as it is, as far as that is known. `photo_version` is that of
    the photo, if there is one.
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
    changed_on: Mapping[str, date] = field(default_factory=dict)
    photo_version: int | None = None
    email: str | None = None

    @property
    def erased(self) -> bool:
        """Whether nothing is left but the id: HR's numbers have at least one character."""
        return not self.employee_number

    def event(self, change: ProfileChange) -> Outgoing:
        """The whole person as the event that tells of this change; of who is erased nothing else is ever said."""
        left = self.status == "left"
        declared = self.declared if not left else Declared()
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
            photo_version=None if left else self.photo_version,
            email=None if left else self.email,
            **dict(declared),
        )
        return Outgoing(event, self.version)


def may_own(person: Person | None) -> bool:
    """Whether somebody may own programs. Who has left or was erased may not; whom HR has yet to name may."""
    return person is None or person.status != "left"


def declared_anew(person: Person, declared: Declared, expected_version: int) -> Person:
    """The person after an edit of their own profile. Raises PreconditionFailed, Refused."""
    check_version(person.version, expected_version)
    declared.check()
    return replace(person, declared=declared)


def chosen(person: Person, program_id: UUID, choice: Choice) -> Person:
    """The person with another choice of roles in a program; none means not taking part."""
    return replace(person, choices={**person.choices, str(program_id): choice})
