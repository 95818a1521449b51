"""Step 1 of the write path: bodies that people send about themselves."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import available_timezones

from chassis.http import Strict
from flash_schemas.base import LongText, Role, ShortText, SkillLevel
from flash_schemas.profile import (
    Evidence,
    Experience,
    MeetingFormat,
    MeetingMinutes,
    Skill,
    Visibility,
)
from pydantic import Field, field_validator, model_validator

from profile_service import model
from profile_service.model import HIDEABLE_FIELDS, Choice, Declared

MAX_PROFILE_BYTES = 256 * 1024
"""What the gateway lets through; an event must hold it beside what HR says."""
MAX_SKILLS = 100
Texts = Annotated[tuple[ShortText, ...], Field(max_length=50)]


class SkillClaim(Strict):
    """A skill that a person says to have. `confirm` says it anew even where nothing in it changed."""

    skill_id: UUID
    level: SkillLevel
    last_used: date | None = None
    evidence: Annotated[tuple[ShortText, ...], Field(max_length=10)] = ()
    typed_evidence: Annotated[tuple[Evidence, ...], Field(max_length=10)] = ()
    confirm: bool = False

    def skill(self, before: Skill | None, today: date) -> Skill:
        """The same as the model takes it, given the claim that it replaces."""
        said = {name: value for name, value in self if name != "confirm"}
        return model.claimed(before, Skill(**said, confirmed_on=today), confirm=self.confirm)


class ProfileEdit(Strict):
    """The self-declared part of a profile, whole: what is absent is emptied."""

    skills: Annotated[tuple[SkillClaim, ...], Field(max_length=MAX_SKILLS)] = ()
    experience: Annotated[tuple[Experience, ...], Field(max_length=50)] = ()
    languages: Texts = ()
    time_zone: Annotated[ShortText | None, Field(description="A name of the IANA time zone database.")] = None
    bio: LongText = ""
    can_help_with: Texts = ()
    preferred_formats: Annotated[tuple[MeetingFormat, ...], Field(max_length=3)] = ()
    preferred_minutes: Annotated[tuple[MeetingMinutes, ...], Field(max_length=4)] = ()
    visibility: dict[str, Visibility] = Field(default_factory=dict)

    @field_validator("visibility")
    @classmethod
    def _only_own_fields(cls, visibility: dict[str, Visibility]) -> dict[str, Visibility]:
        if unknown := sorted(set(visibility) - set(HIDEABLE_FIELDS)):
            raise ValueError(f"{unknown[0]} is not one of {', '.join(HIDEABLE_FIELDS)}")
        return visibility

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, time_zone: str | None) -> str | None:
        if time_zone is not None and time_zone not in _zones():
            raise ValueError("there is no such time zone; one is Europe/Lisbon")
        return time_zone

    @field_validator("preferred_formats", "preferred_minutes")
    @classmethod
    def _each_once(cls, chosen: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(dict.fromkeys(chosen))

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        if len(self.model_dump_json().encode()) > MAX_PROFILE_BYTES:
            raise ValueError(f"a profile is at most {MAX_PROFILE_BYTES // 1024} KiB")
        return self

    @classmethod
    def of(cls, declared: Declared) -> "ProfileEdit":
        """The edit that leaves everything as it is."""
        claimed = SkillClaim.model_fields.keys() - {"confirm"}
        skills = [skill.model_dump(include=set(claimed)) for skill in declared.skills]
        return cls.model_validate({**dict(declared), "skills": skills})

    def patched(self, patch: Mapping[str, Any]) -> "ProfileEdit":
        """The same after a JSON Merge Patch (RFC 7396): null empties a field. Raises pydantic.ValidationError."""
        return ProfileEdit.model_validate(_merged(self.model_dump(mode="json"), patch))

    def declared(self, before: Declared, today: date) -> Declared:
        """The same as the model takes it, given what it replaces."""
        claims = {skill.skill_id: skill for skill in before.skills}
        skills = tuple(claim.skill(claims.get(claim.skill_id), today) for claim in self.skills)
        return Declared(**{**dict(self), "skills": skills})


def _merged(value: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    kept = value if isinstance(value, Mapping) else {}
    changed = {name: _merged(kept.get(name), part) for name, part in patch.items() if part is not None}
    return {**{name: part for name, part in kept.items() if name not in patch}, **changed}


@cache
def _zones() -> set[str]:
    return available_timezones()


class RolesChoice(Strict):
    """The roles somebody takes in a program, none for not taking part; a role may rest until its first day back."""

    roles: Annotated[tuple[Role, ...], Field(max_length=2)]
    paused_until: dict[Role, date] = Field(default_factory=dict)

    @property
    def choice(self) -> Choice:
        """The same as the model takes it, each role once."""
        return Choice(roles=tuple(dict.fromkeys(self.roles)), paused_until=self.paused_until)
