"""The rules about people and programs: where somebody stands, in what they take part, what an edit changes.

Step 3 of the write path: pure values in, pure values out.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from chassis.outbox import Outgoing
from chassis.problems import PreconditionFailed, Refused
from flash_schemas.base import Role, Value
from flash_schemas.profile import (
    EligibilityRule,
    EmploymentStatus,
    Experience,
    Objective,
    Participation,
    ProfileChange,
    ProfileChangedV1,
    ProgramChangedV1,
    RequestPolicy,
    SearchField,
    SearchFields,
    Skill,
    SkillChangedV1,
    UnitRef,
    Visibility,
)
from pydantic import Field

RATIO_METRICS = frozenset({"relationship_ratio", "survey_response_ratio", "satisfaction_ratio", "acceptance_ratio"})
ALL_ROLES: tuple[Role, ...] = ("learner", "mentor")


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
class Unit:
    """A node of the organisation; `code` is HR's own name for it and stays in this service."""

    unit_id: UUID
    code: str
    name: str
    parent_id: UUID | None
    closed: bool
    sequence: int


@dataclass(frozen=True, slots=True)
class Person:
    """One employee. `choices` holds the roles that the person chose per program; where absent, all roles."""

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
    choices: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)

    def event(self, change: ProfileChange) -> Outgoing:
        """The whole person as the event that tells of this change."""
        declared = self.declared if self.status != "left" else Declared()
        event = ProfileChangedV1(
            person_id=self.person_id,
            change=change,
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


class ProgramBody(Value):
    """What an owner sets in a program."""

    name: str
    objectives: tuple[Objective, ...]
    eligibility: EligibilityRule = EligibilityRule()
    search_fields: SearchFields = SearchFields()
    request_policy: RequestPolicy = RequestPolicy()
    starts_on: date
    ends_on: date | None = None

    def check(self) -> None:
        """Raise Refused, naming the field, for an objective that could never be judged or a period without days."""
        if self.ends_on and self.ends_on < self.starts_on:
            raise Refused("The period ends before it starts.", field="ends_on")
        for index, objective in enumerate(self.objectives):
            if objective.metric in RATIO_METRICS and objective.target > 1:
                raise Refused("A ratio is at most 1.", field=f"objectives[{index}].target")
            if objective.due < self.starts_on:
                raise Refused("Due before the program starts.", field=f"objectives[{index}].due")


@dataclass(frozen=True, slots=True)
class Program:
    """A program and who owns it."""

    program_id: UUID
    version: int
    owners: tuple[UUID, ...]
    body: ProgramBody
    status: str = "active"

    def event(self, change: str) -> Outgoing:
        """The whole program as the event that tells of this change."""
        values = {"program_id": self.program_id, "change": change, "status": self.status, "owners": self.owners}
        return Outgoing(ProgramChangedV1.model_validate({**dict(self.body), **values}), self.version)

    def edited(self, body: ProgramBody, expected_version: int) -> "Program":
        """The program with another body. Raises PreconditionFailed, Refused."""
        check_version(self.version, expected_version)
        body.check()
        return replace(self, body=body, version=self.version + 1)


def check_version(present: int, expected: int) -> None:
    """Raise PreconditionFailed when somebody changed the row since it was read."""
    if present != expected:
        raise PreconditionFailed


class Organisation:
    """The tree of units, by id."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.units = {unit.unit_id: unit for unit in units}

    def path(self, unit_id: UUID) -> tuple[UnitRef, ...]:
        """The units from the root to this one."""
        path: list[UnitRef] = []
        step: UUID | None = unit_id
        while step is not None:
            unit = self.units[step]
            path.append(UnitRef(unit_id=unit.unit_id, name=unit.name))
            step = unit.parent_id
        return tuple(reversed(path))

    def is_below(self, unit_id: UUID, ancestor_id: UUID) -> bool:
        """Whether a unit is another one or lies under it."""
        return any(ref.unit_id == ancestor_id for ref in self.path(unit_id))

    def below(self, ancestor_id: UUID) -> list[UUID]:
        """A unit and all that lie under it."""
        return [unit_id for unit_id in self.units if self.is_below(unit_id, ancestor_id)]


def eligible(person: Person, rule: EligibilityRule) -> bool:
    """Whether the rule admits somebody who stands where this person stands."""
    if person.status != "active":
        return False
    leaf = person.unit_path[-1].unit_id
    path = {ref.unit_id for ref in person.unit_path}
    in_units = any(u.unit_id in path if u.with_sub_units else u.unit_id == leaf for u in rule.units)
    return (
        (not rule.units or in_units)
        and (not rule.job_levels or person.job_level in rule.job_levels)
        and (not rule.locations or person.location in rule.locations)
    )


def placed(person: Person, organisation: Organisation, programs: Iterable[Program]) -> Person:
    """The person with the path and the participations that follow from the tree, the rules and their own choices."""
    stands = replace(person, unit_path=organisation.path(person.unit_id))
    return replace(stands, participations=tuple(_participations(stands, programs)))


def _participations(person: Person, programs: Iterable[Program]) -> Iterable[Participation]:
    for program in sorted(programs, key=lambda program: program.program_id):
        roles = person.choices.get(str(program.program_id), ALL_ROLES)
        if program.status == "active" and roles and eligible(person, program.body.eligibility):
            yield Participation(program_id=program.program_id, roles=roles)


def declared_anew(person: Person, declared: Declared, expected_version: int) -> Person:
    """The person after an edit of their own profile. Raises PreconditionFailed."""
    check_version(person.version, expected_version)
    return replace(person, declared=declared, version=person.version + 1)


def chosen(person: Person, program_id: UUID, roles: tuple[Role, ...]) -> Person:
    """The person with another choice of roles in a program; none means not taking part."""
    choices = {**person.choices, str(program_id): roles}
    return replace(person, choices=choices)


def normalised(name: str) -> str:
    """How skill names are compared: case, width and runs of blanks do not matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


@dataclass(frozen=True, slots=True)
class VocabularySkill:
    """An entry of the skill vocabulary; a merged one names the entry that replaces it."""

    skill_id: UUID
    version: int
    label: str
    aliases: tuple[str, ...] = ()
    broader_id: UUID | None = None
    retired: bool = False
    merged_into: UUID | None = None

    def names(self) -> dict[str, str]:
        """Every normalised name with the field it stands in. Raises Refused when one stands there twice."""
        fields = {"label": self.label, **{f"aliases[{i}]": alias for i, alias in enumerate(self.aliases)}}
        names: dict[str, str] = {}
        for field_name, text in fields.items():
            if normalised(text) in names:
                raise Refused("This name stands here twice.", field=field_name)
            names[normalised(text)] = field_name
        return names

    def event(self, change: str) -> Outgoing:
        """The whole entry as the event that tells of this change."""
        values = {name: getattr(self, name) for name in SkillChangedV1.model_fields if name != "change"}
        return Outgoing(SkillChangedV1.model_validate({**values, "change": change}), self.version)


def check_skills(declared: Declared, known: Iterable[VocabularySkill]) -> None:
    """Raise Refused, naming the field, for a skill that is unknown, retired or claimed twice."""
    usable = {skill.skill_id for skill in known if not skill.retired}
    claimed: set[UUID] = set()
    for index, skill in enumerate(declared.skills):
        if skill.skill_id not in usable:
            raise Refused("There is no such skill in use; see /api/v1/skills.", field=f"skills[{index}].skill_id")
        if skill.skill_id in claimed:
            raise Refused("This skill stands here twice.", field=f"skills[{index}].skill_id")
        claimed.add(skill.skill_id)


def shown_fields(person: Person, viewer: Person, programs: Iterable[Program]) -> set[SearchField] | None:
    """Which optional fields of a person somebody may see; None when they share no program and see nothing at all."""
    joined = {part.program_id for part in person.participations}
    own = {part.program_id for part in viewer.participations}
    shared = [p for p in programs if p.program_id in joined and (p.program_id in own or viewer.person_id in p.owners)]
    if not shared or person.status == "left":
        return None
    offered = {field for program in shared for field in program.body.search_fields.show}
    return {field for field in offered if _visible(person, viewer, field)}


def _visible(person: Person, viewer: Person, field_name: str) -> bool:
    visibility = person.declared.visibility.get(field_name, "everyone")
    return visibility == "everyone" or (visibility == "unit" and person.unit_id == viewer.unit_id)
