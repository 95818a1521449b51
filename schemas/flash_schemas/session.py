"""What the session service says: requests, sessions, messages, surveys, relationships and availability.

No payload carries the text of a message, a free-text reason or a comment; lengths and choices only.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from flash_schemas.base import Event, Role, Value

Format = Literal["lunch", "call", "chat"]
CancelReason = Literal["other_plans", "ill", "not_needed_any_more", "other", "not_given"]
AnswerTimeBand = Literal["within_a_day", "within_three_days", "longer", "unknown"]


class SessionEvent(Event):
    """What every step of a session carries, so that no consumer needs to remember an earlier step."""

    TOPIC: ClassVar = "session-events"
    KEY: ClassVar = "session_id"

    session_id: UUID
    program_id: UUID
    learner_id: UUID
    mentor_id: UUID
    skill_id: UUID | None = None


class SessionRequestedV1(SessionEvent):
    """A learner asked one mentor for one session; unanswered, it expires at `expires_at`.

    `serves_formal_goal` says that it is for a goal of a formal mentoring relationship, not for which; `passed_from` is
    the session that ended without a yes before.
    """

    TYPE: ClassVar = "flash.session.requested.v1"
    format: Format
    minutes: Annotated[int, Field(ge=5, le=240)]
    expires_at: datetime
    serves_formal_goal: bool = False
    passed_from: UUID | None = None


class SessionViewedV1(SessionEvent):
    """The mentor opened the request for the first time."""

    TYPE: ClassVar = "flash.session.viewed.v1"


class SessionMoreInformationAskedV1(SessionEvent):
    """The mentor asked something back; their time stands still until the learner replies, or for 72 hours."""

    TYPE: ClassVar = "flash.session.more_information_asked.v1"


class SessionCounterProposedV1(SessionEvent):
    """The mentor proposed another format, length or time; the learner agrees, or does not."""

    TYPE: ClassVar = "flash.session.counter_proposed.v1"
    format: Format
    minutes: Annotated[int, Field(ge=5, le=240)]
    times: Annotated[int, Field(ge=0, le=3)]


class SessionAcceptedV1(SessionEvent):
    """The mentor said yes and a slot of the month `capacity_month` (YYYY-MM) was taken."""

    TYPE: ClassVar = "flash.session.accepted.v1"
    capacity_month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]


class SessionDeclinedV1(SessionEvent):
    """The mentor said no; the reason, if chosen, is one of a few."""

    TYPE: ClassVar = "flash.session.declined.v1"
    reason: Literal["no_time", "not_my_topic", "other", "not_given"] = "not_given"


class SessionExpiredV1(SessionEvent):
    """Nobody answered in time."""

    TYPE: ClassVar = "flash.session.expired.v1"


class SessionWithdrawnV1(SessionEvent):
    """The request ended before an answer: by its learner, or because one of the two is no longer there."""

    TYPE: ClassVar = "flash.session.withdrawn.v1"
    reason: Literal["by_learner", "mentor_unavailable", "learner_unavailable"]


class SessionPassedOnV1(SessionEvent):
    """The request ended without a yes, and the next mentor whom the learner had named is asked, as another session."""

    TYPE: ClassVar = "flash.session.passed_on.v1"
    to_session_id: UUID
    to_mentor_id: UUID


class SessionOpenedToAllV1(SessionEvent):
    """Nobody whom the learner had named said yes; every mentor who knows the skill may take it until `expires_at`."""

    TYPE: ClassVar = "flash.session.opened_to_all.v1"
    call_id: UUID
    expires_at: datetime


class SessionScheduledV1(SessionEvent):
    """The two agreed on a time."""

    TYPE: ClassVar = "flash.session.scheduled.v1"
    starts_at: datetime


class SessionRescheduledV1(SessionEvent):
    """The two agreed on another time, or clocks changed and the same time on the clock is another moment."""

    TYPE: ClassVar = "flash.session.rescheduled.v1"
    starts_at: datetime


class SessionCancelledV1(SessionEvent):
    """An accepted session was given up before it was held; the slot is free again. A reason is one of a few."""

    TYPE: ClassVar = "flash.session.cancelled.v1"
    by: Role | Literal["system"]
    reason: CancelReason = "not_given"


class SessionHeldV1(SessionEvent):
    """The session took place."""

    TYPE: ClassVar = "flash.session.held.v1"
    held_on: date


class SessionNotHeldV1(SessionEvent):
    """The session did not take place though it was agreed."""

    TYPE: ClassVar = "flash.session.not_held.v1"


class SessionSolvedInChatV1(SessionEvent):
    """The learner was helped by messages alone; nobody needs to meet. It counts as help."""

    TYPE: ClassVar = "flash.session.solved_in_chat.v1"


class SurveySentV1(SessionEvent):
    """One side was asked for its two taps."""

    TYPE: ClassVar = "flash.session.survey_sent.v1"
    side: Role


class SurveyAnsweredV1(SessionEvent):
    """One side answered: did it help, and how good was it (1 to 5)."""

    TYPE: ClassVar = "flash.session.survey_answered.v1"
    side: Role
    helped: Literal["solved", "partly", "no"]
    rating: Annotated[int, Field(ge=1, le=5)]
    minutes_saved: Annotated[int, Field(ge=0, le=10_000)] | None = None


class FollowUpAnsweredV1(SessionEvent):
    """30 days after the help, the learner said whether they used what they learnt."""

    TYPE: ClassVar = "flash.session.follow_up_answered.v1"
    used: Literal["yes", "partly", "no"]


class RelationshipMadeV1(SessionEvent):
    """Both wished to meet again, or held a second session in 90 days. Said once for a pair and program until ended."""

    TYPE: ClassVar = "flash.relationship.made.v1"
    by: Literal["both_wished", "held_again"]


class RelationshipEndedV1(SessionEvent):
    """One of the two ended it; which one is not said. The session is the last that they held."""

    TYPE: ClassVar = "flash.relationship.ended.v1"


class MessageSentV1(Event):
    """A message went from one party of a session to the other; `length` in characters."""

    TYPE: ClassVar = "flash.message.sent.v1"
    TOPIC: ClassVar = "message-events"
    KEY: ClassVar = "session_id"

    session_id: UUID
    program_id: UUID
    message_id: UUID
    sender_id: UUID
    recipient_id: UUID
    sender_role: Role
    length: Annotated[int, Field(ge=1, le=4000)]
    first_reply: bool


class MessageReadV1(Event):
    """One party of a session has read everything up to a message; `position` is its place in the conversation."""

    TYPE: ClassVar = "flash.message.read.v1"
    TOPIC: ClassVar = "message-events"
    KEY: ClassVar = "session_id"

    session_id: UUID
    program_id: UUID
    message_id: UUID
    reader_id: UUID
    sender_id: UUID
    reader_role: Role
    position: Annotated[int, Field(ge=1)]


class Vacation(Value):
    """Days on which a mentor takes nothing; `back_on` is the first day back."""

    starts_on: date
    back_on: date


class BlockChangedV1(Event):
    """Whom a person blocked: everybody, each time. For search alone; never shown, counted or logged."""

    TYPE: ClassVar = "flash.block.changed.v1"
    TOPIC: ClassVar = "block-events"
    KEY: ClassVar = "person_id"

    person_id: UUID
    blocked: Annotated[tuple[UUID, ...], Field(max_length=1000)]


class AvailabilityChangedV1(Event):
    """What a mentor can still take. `slots_left` holds for `month` (YYYY-MM); an older month means untouched.

    `capacity` is what the person takes a month, `slots_used` what is taken of it; a program may allow less than others.
    `paused_until` is the first day back; who is `silent` left requests unanswered and is paused until they say so.
    """

    TYPE: ClassVar = "flash.availability.changed.v1"
    TOPIC: ClassVar = "availability-events"
    KEY: ClassVar = "person_id"

    person_id: UUID
    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    capacity: Annotated[int, Field(ge=0, le=50)]
    slots_left: Annotated[int, Field(ge=0, le=50)]
    open_requests: Annotated[int, Field(ge=0)]
    paused_until: date | None = None
    answer_time_band: AnswerTimeBand = "unknown"
    slots_used: Annotated[int, Field(ge=0)] | None = None
    vacations: tuple[Vacation, ...] = ()
    silent: bool = False
