"""Step 1 of the write path: the bodies that the profile service takes."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID, uuid4

from chassis.http import Strict
from flash_schemas.base import LongText, Role, ShortText, SkillLevel
from flash_schemas.profile import (
    EligibilityRule,
    Experience,
    Metric,
    Objective,
    RequestPolicy,
    SearchFields,
    Skill,
    Visibility,
)
from pydantic import Field, field_validator

from profile_service.model import Declared, ProgramBody

OWN_FIELDS = ("languages", "experience", "bio", "can_help_with")
MAX_EVENTS = 10_000
Texts = Annotated[tuple[ShortText, ...], Field(max_length=50)]


class OrgEvents(Strict):
    """A push of the HR platform: events in the order in which they happened; each is judged by itself."""

    events: Annotated[list[Any], Field(min_length=1, max_length=MAX_EVENTS)]


class ObjectiveEdit(Strict):
    """A target on one metric. Keep `objective_id` when editing, so that it stays the same objective."""

    objective_id: UUID = Field(default_factory=uuid4)
    text: ShortText
    metric: Metric
    target: Annotated[float, Field(gt=0)]
    due: date
    smallest_cases: Annotated[int, Field(ge=1, le=10_000)] = 5


class ProgramEdit(Strict):
    """Everything an owner sets in a program."""

    name: ShortText
    objectives: Annotated[tuple[ObjectiveEdit, ...], Field(min_length=1, max_length=20)]
    eligibility: EligibilityRule = EligibilityRule()
    search_fields: SearchFields = SearchFields()
    request_policy: RequestPolicy = RequestPolicy()
    starts_on: date
    ends_on: date | None = None

    @property
    def body(self) -> ProgramBody:
        """The same as the model takes it."""
        objectives = tuple(Objective(**dict(objective)) for objective in self.objectives)
        return ProgramBody(**{**dict(self), "objectives": objectives})


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
    """The roles somebody takes in a program; none means not taking part."""

    roles: Annotated[tuple[Role, ...], Field(max_length=2)]


class SkillEdit(Strict):
    """An entry of the vocabulary, whole."""

    label: ShortText
    aliases: Texts = ()
    broader_id: UUID | None = None
    retired: bool = False
    merged_into: UUID | None = None
