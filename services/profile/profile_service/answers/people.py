"""What is answered about people, and to whom what is shown."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from chassis.http import Answer
from flash_schemas.base import ShortText
from flash_schemas.profile import (
    EmploymentStatus,
    Experience,
    Participation,
    SearchField,
    Skill,
    UnitRef,
    Visibility,
)

from profile_service.model import Person, VocabularySkill


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
    retired_skills: tuple[UUID, ...]
    experience: tuple[Experience, ...]
    languages: tuple[ShortText, ...]
    time_zone: str | None
    bio: str
    can_help_with: tuple[ShortText, ...]
    visibility: dict[str, Visibility]
    participations: tuple[Participation, ...]

    @classmethod
    def of(cls, person: Person, vocabulary: Iterable[VocabularySkill]) -> "OwnProfile":
        """Everything there is; of the claimed skills in the vocabulary, which are retired."""
        about = {name: getattr(person, name) for name in cls.model_fields if hasattr(person, name)}
        retired = tuple(skill.skill_id for skill in vocabulary if skill.retired)
        return cls(**about, **dict(person.declared), retired_skills=retired)


class LabelledSkill(Answer):
    """A skill somebody has, by name."""

    skill_id: UUID
    label: str
    level: int
    last_used: date | None
    confirmed_on: date
    retired: bool

    @classmethod
    def of(cls, claim: Skill, skill: VocabularySkill) -> "LabelledSkill":
        """A claim beside its entry of the vocabulary."""
        said = claim.model_dump(include={"skill_id", "level", "last_used", "confirmed_on"})
        return cls(label=skill.label, retired=skill.retired, **said)


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
    def of(cls, person: Person, shown: set[SearchField], vocabulary: Mapping[UUID, VocabularySkill]) -> "PersonAnswer":
        """The person's name, skills and the `shown` fields."""
        skills = [LabelledSkill.of(skill, vocabulary[skill.skill_id]) for skill in person.declared.skills]
        every: dict[str, Any] = {
            "unit_path": person.unit_path,
            **{name: getattr(person, name) for name in ("location", "job_title", "job_level")},
            **{name: getattr(person.declared, name) for name in ("experience", "languages", "bio", "can_help_with")},
        }
        visible = {("unit_path" if name == "unit" else name) for name in shown}
        kept = {name: value for name, value in every.items() if name in visible}
        return cls(person_id=person.person_id, name=person.name, skills=skills, **kept)
