"""What is answered about people, and to whom what is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from chassis.http import Answer
from flash_schemas.base import ShortText
from flash_schemas.profile import (
    EmploymentStatus,
    Evidence,
    Experience,
    MeetingFormat,
    MeetingMinutes,
    Participation,
    Skill,
    UnitRef,
    Visibility,
)

from profile_service import model
from profile_service.model import SOURCES, Person, Source, VocabularySkill

Entries = Mapping[UUID, VocabularySkill]
"""The vocabulary's entries of the skills that somebody claims."""


class FieldSource(Answer):
    """Who says a field, and since when it is as it is; null where nothing was said, or it is not known."""

    source: Source
    changed_on: date | None


class OwnSkill(Answer):
    """A skill on the caller's own profile; `stale` wants to be confirmed, `retired` cannot be claimed anew."""

    skill_id: UUID
    level: int
    last_used: date | None
    confirmed_on: date
    evidence: tuple[str, ...]
    typed_evidence: tuple[Evidence, ...]
    provenance: Literal["self", "hr", "suggested"]
    stale: bool
    retired: bool

    @classmethod
    def of(cls, claim: Skill, entries: Entries, today: date) -> "OwnSkill":
        """A claim as it stands today."""
        return cls(**dict(claim), stale=model.is_stale(claim, today), retired=entries[claim.skill_id].retired)


class Reminder(Answer):
    """A wish to confirm the skills that were not for long; there since `due_on`."""

    due_on: date
    stale_skills: int


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
    email: str | None
    unit_path: tuple[UnitRef, ...]
    skills: list[OwnSkill]
    experience: tuple[Experience, ...]
    languages: tuple[ShortText, ...]
    time_zone: str | None
    bio: str
    can_help_with: tuple[ShortText, ...]
    preferred_formats: tuple[MeetingFormat, ...]
    preferred_minutes: tuple[MeetingMinutes, ...]
    photo_version: int | None
    visibility: dict[str, Visibility]
    participations: tuple[Participation, ...]
    sources: dict[str, FieldSource]
    reminder: Reminder | None

    @classmethod
    def of(cls, person: Person, entries: Entries, reminded_on: date | None, today: date) -> "OwnProfile":
        """Everything there is."""
        about = {name: getattr(person, name) for name in cls.model_fields if hasattr(person, name)}
        skills = [OwnSkill.of(claim, entries, today) for claim in person.declared.skills]
        return cls(
            **about,
            **{**dict(person.declared), "skills": skills},
            sources={
                name: FieldSource(source=by, changed_on=person.changed_on.get(name)) for name, by in SOURCES.items()
            },
            reminder=_reminder(skills, reminded_on),
        )


class LabelledSkill(Answer):
    """A skill somebody has, by name; `stale` when they have not confirmed it for 180 days."""

    skill_id: UUID
    label: str
    level: int
    last_used: date | None
    confirmed_on: date
    stale: bool
    retired: bool
    evidence: tuple[str, ...] | None = None
    typed_evidence: tuple[Evidence, ...] | None = None


class PersonAnswer(Answer):
    """Somebody as a colleague of a shared program sees them; what may not be seen is null, and skills are none."""

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
    time_zone: str | None = None
    preferred_formats: tuple[MeetingFormat, ...] | None = None
    preferred_minutes: tuple[MeetingMinutes, ...] | None = None
    photo_version: int | None = None

    @classmethod
    def of(cls, person: Person, shown: set[str], entries: Entries, today: date) -> "PersonAnswer":
        """The person's name and the `shown` fields."""
        told = {name: value for name, value in person.declared if name not in ("skills", "visibility")}
        every: dict[str, Any] = {
            **{name: getattr(person, name) for name in ("location", "job_title", "job_level")},
            **{"unit": person.unit_path, "photo": person.photo_version, **told},
        }
        kept = {ANSWERED_AS.get(name, name): value for name, value in every.items() if name in shown}
        seen = Seen(shown, entries, today)
        skills = [seen.skill(skill) for skill in person.declared.skills] if "skills" in shown else []
        return cls(person_id=person.person_id, name=person.name, skills=skills, **kept)


ANSWERED_AS = {"unit": "unit_path", "photo": "photo_version"}


@dataclass(frozen=True, slots=True)
class Seen:
    """How one viewer sees skills on one day."""

    shown: set[str]
    entries: Entries
    today: date

    def skill(self, skill: Skill) -> LabelledSkill:
        """A skill by name, with what it comes from where that is shown."""
        hidden = {"provenance"} if "evidence" in self.shown else {"provenance", "evidence", "typed_evidence"}
        claim = {name: value for name, value in skill if name not in hidden}
        entry, stale = self.entries[skill.skill_id], model.is_stale(skill, self.today)
        return LabelledSkill(label=entry.label, retired=entry.retired, stale=stale, **claim)


def _reminder(skills: list[OwnSkill], reminded_on: date | None) -> Reminder | None:
    stale = sum(skill.stale for skill in skills)
    return Reminder(due_on=reminded_on, stale_skills=stale) if stale and reminded_on else None
