"""What the profile service says: people, programs and the skill vocabulary, each as whole state."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from flash_schemas.base import EmailAddress, Event, LongText, Role, ShortText, SkillLevel, Value

ProfileChange = Literal[
    "created",
    "edited",
    "hr_changed",
    "hr_moved",
    "hr_on_leave",
    "hr_back",
    "hr_left",
    "unit_changed",
    "participation_changed",
    "erased",
]
EmploymentStatus = Literal["active", "on_leave", "left"]
Visibility = Literal["everyone", "unit", "nobody"]
EvidenceKind = Literal["project", "role", "certificate"]
MeetingFormat = Literal["lunch", "call", "chat"]
MeetingMinutes = Literal[15, 30, 45, 60]
SearchField = Literal["unit", "location", "job_title", "job_level", "languages", "experience", "bio", "can_help_with"]


SKILL_CONFIRMED_DAYS = 180
"""How long a person's word on a skill holds; then it is marked as unconfirmed."""


class UnitRef(Value):
    """One unit on the path from the root of the organisation to a person."""

    unit_id: UUID
    name: ShortText


class Evidence(Value):
    """One project, role or certificate that a skill comes from."""

    kind: EvidenceKind
    text: ShortText


class Skill(Value):
    """A skill that a person says to have; `last_used` and `confirmed_on` date the claim.

    `evidence` is in free words, `typed_evidence` says what kind each is; neither repeats the other.
    """

    skill_id: UUID
    level: SkillLevel
    last_used: date | None = None
    confirmed_on: date
    evidence: tuple[ShortText, ...] = ()
    provenance: Literal["self", "hr", "suggested"] = "self"
    typed_evidence: tuple[Evidence, ...] = ()


class Experience(Value):
    """A former or present role, as its owner tells it."""

    title: ShortText
    organisation: ShortText | None = None
    since: date
    until: date | None = None
    description: LongText = ""


class Participation(Value):
    """A person's part in one program. A role with a day in `paused_until` rests until then, its first day back."""

    program_id: UUID
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    paused_until: dict[Role, date] = Field(default_factory=dict)


class ProfileChangedV1(Event):
    """The whole person after a change; `change` says what made it, `unit_path` runs from root to leaf.

    After `hr_left` only the ids, the status and the place remain of interest; consumers hide the person. After `erased`
    nothing remains but the id: every other field says the same of everybody who was erased.

    `visibility` holds for fields by their names, for what skills come from as `evidence`, and for the photo as `photo`.
    The photo itself stays with the profile service; `photo_version` rises with each new one.
    `email` is HR's, for whoever sends notices; it is shown to nobody else and never searched.
    """

    TYPE: ClassVar = "flash.profile.changed.v1"
    TOPIC: ClassVar = "profile-events"
    KEY: ClassVar = "person_id"

    person_id: UUID
    change: ProfileChange
    name: ShortText
    job_title: ShortText
    job_level: Annotated[int, Field(ge=1, le=20)]
    location: ShortText
    unit_path: Annotated[tuple[UnitRef, ...], Field(min_length=1)]
    status: EmploymentStatus
    hired_on: date | None = None
    skills: tuple[Skill, ...] = ()
    experience: tuple[Experience, ...] = ()
    languages: tuple[ShortText, ...] = ()
    time_zone: ShortText | None = None
    bio: LongText = ""
    can_help_with: tuple[ShortText, ...] = ()
    visibility: dict[str, Visibility] = Field(default_factory=dict)
    participations: tuple[Participation, ...] = ()
    preferred_formats: tuple[MeetingFormat, ...] = ()
    preferred_minutes: tuple[MeetingMinutes, ...] = ()
    photo_version: int | None = None
    email: EmailAddress | None = None


Metric = Literal[
    "messages_exchanged",
    "two_way_threads",
    "connections",
    "relationships_made",
    "relationship_ratio",
    "survey_response_ratio",
    "survey_response_ratio_learner",
    "survey_response_ratio_mentor",
    "satisfaction_ratio",
    "satisfaction_ratio_learner",
    "satisfaction_ratio_mentor",
    "satisfaction_mean",
    "satisfaction_mean_learner",
    "satisfaction_mean_mentor",
    "solved_in_chat",
    "acceptance_ratio",
    "use_ratio",
    "completion_ratio",
    "zero_result_ratio",
    "hours_to_first_response_p50",
    "hours_to_first_response_p90",
]
Direction = Literal["at_least", "at_most"]
QuestionKind = Literal["choice", "scale", "text"]


class Objective(Value):
    """A testable target: `metric` of at least, or at most, `target` by `due`, judged on enough cases."""

    objective_id: UUID
    text: ShortText
    metric: Metric
    target: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    due: date
    smallest_cases: Annotated[int, Field(ge=1)] = 5
    direction: Direction = "at_least"


class UnitRule(Value):
    """A unit that takes part, with or without the units below it."""

    unit_id: UUID
    with_sub_units: bool = True


class TenureRule(Value):
    """Full months since somebody was hired, both bounds included. Who has no known date of hiring has no tenure."""

    at_least_months: Annotated[int, Field(ge=0, le=600)] = 0
    at_most_months: Annotated[int, Field(ge=0, le=600)] | None = None


class EligibilityRule(Value):
    """Who takes part: everyone who satisfies each non-empty part, and those included by name; nobody excluded by name.

    An empty rule admits everyone. Only active people ever take part. Languages are those a person shows to everyone.
    """

    units: tuple[UnitRule, ...] = ()
    job_levels: tuple[int, ...] = ()
    locations: tuple[ShortText, ...] = ()
    languages: Annotated[tuple[ShortText, ...], Field(max_length=50)] = ()
    tenure: TenureRule | None = None
    included: Annotated[tuple[UUID, ...], Field(max_length=1_000)] = ()
    excluded: Annotated[tuple[UUID, ...], Field(max_length=1_000)] = ()


class SearchFields(Value):
    """The profile fields that can be filtered by, searched in and shown in this program."""

    filter: tuple[SearchField, ...] = ("unit", "location", "job_level", "languages")
    search: tuple[SearchField, ...] = ("job_title", "experience", "bio", "can_help_with")
    show: tuple[SearchField, ...] = ("unit", "location", "job_title", "languages", "can_help_with")


class RequestPolicy(Value):
    """The limits of asking in this program."""

    answer_within_hours: Annotated[int, Field(ge=1, le=336)] = 72
    open_requests_per_learner: Annotated[int, Field(ge=1, le=50)] = 5
    sessions_per_mentor_and_month: Annotated[int, Field(ge=1, le=50)] = 2
    session_minutes: tuple[int, ...] = (15, 30, 45, 60)


class SurveyQuestion(Value):
    """A question of the owners' own, asked beside the survey's two taps. Its id stands for this wording for ever.

    A scale goes from 1 to 5.
    """

    question_id: UUID
    kind: QuestionKind
    text: ShortText
    choices: Annotated[tuple[ShortText, ...], Field(max_length=10)] = ()


class ProgramChangedV1(Event):
    """The whole program after a change."""

    TYPE: ClassVar = "flash.program.changed.v1"
    TOPIC: ClassVar = "program-events"
    KEY: ClassVar = "program_id"

    program_id: UUID
    change: Literal["created", "edited", "archived"]
    name: ShortText
    status: Literal["active", "archived"]
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1)]
    eligibility: EligibilityRule
    search_fields: SearchFields
    request_policy: RequestPolicy
    owners: Annotated[tuple[UUID, ...], Field(min_length=1)]
    starts_on: date
    ends_on: date | None = None
    communication: Annotated[str, Field(max_length=2_000)] = ""
    survey_questions: Annotated[tuple[SurveyQuestion, ...], Field(max_length=3)] = ()


class SkillChangedV1(Event):
    """The whole vocabulary entry after a change; a merged skill names the one that replaces it."""

    TYPE: ClassVar = "flash.skill.changed.v1"
    TOPIC: ClassVar = "skill-events"
    KEY: ClassVar = "skill_id"

    skill_id: UUID
    change: Literal["created", "edited", "retired", "merged"]
    label: ShortText
    aliases: tuple[ShortText, ...] = ()
    broader_id: UUID | None = None
    retired: bool = False
    merged_into: UUID | None = None
