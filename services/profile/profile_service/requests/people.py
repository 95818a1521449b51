"""Step 1 of the write path: bodies that people send about themselves."""

from datetime import date
from typing import Annotated
from uuid import UUID

from chassis.http import Strict
from flash_schemas.base import LongText, Role, ShortText, SkillLevel
from flash_schemas.profile import (
    Experience,
    Skill,
    Visibility,
)
from pydantic import Field, field_validator

from profile_service.model import Choice, Declared

OWN_FIELDS = ("languages", "experience", "bio", "can_help_with")
Texts = Annotated[tuple[ShortText, ...], Field(max_length=50)]


class SkillClaim(Strict):
    """A skill that a person says to have now."""

    skill_id: UUID
    level: SkillLevel
    last_used: date | None = None
    evidence: Annotated[tuple[ShortText, ...], Field(max_length=10)] = ()


class ProfileEdit(Strict):
    """The self-declared part of a profile, whole: what is absent is emptied."""

    skills: Annotated[tuple[SkillClaim, ...], Field(max_length=100)] = ()
    experience: Annotated[tuple[Experience, ...], Field(max_length=50)] = ()
    languages: Texts = ()
    time_zone: ShortText | None = None
    bio: LongText = ""
    can_help_with: Texts = ()
    visibility: dict[str, Visibility] = Field(default_factory=dict)

    @field_validator("visibility")
    @classmethod
    def _only_own_fields(cls, visibility: dict[str, Visibility]) -> dict[str, Visibility]:
        if unknown := sorted(set(visibility) - set(OWN_FIELDS)):
            raise ValueError(f"{unknown[0]} is not one of {', '.join(OWN_FIELDS)}")
        return visibility

    def declared(self, today: date) -> Declared:
        """The same as the model takes it: saying a skill confirms it."""
        skills = tuple(Skill(**dict(claim), confirmed_on=today) for claim in self.skills)
        return Declared(**{**dict(self), "skills": skills})


class RolesChoice(Strict):
    """The roles somebody takes in a program, none for not taking part; a role may rest until its first day back."""

    roles: Annotated[tuple[Role, ...], Field(max_length=2)]
    paused_until: dict[Role, date] = Field(default_factory=dict)

    @property
    def choice(self) -> Choice:
        """The same as the model takes it, each role once."""
        return Choice(roles=tuple(dict.fromkeys(self.roles)), paused_until=self.paused_until)
