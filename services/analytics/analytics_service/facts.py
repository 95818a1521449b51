"""Step 7 of the data's way: what happened, as facts that can arrive in any order, and what each adds to the rollups.

A fact is the same whichever way its events came: merging keeps the earliest of each step, and is repeatable.
`entries()` is the only place that says what counts where; live consuming and `recompute` both go through it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, Self, TypeVar
from uuid import UUID

from flash_schemas.base import Role

TOPICS = ("session-events", "message-events", "search-events")
"""What facts are made of."""
SURVEY_WINDOW = timedelta(days=14)


class Measure(StrEnum):
    """What is counted. Each case belongs to the day of the first event it stems from."""

    ASKED = "asked"
    ASKED_BY_LEARNER = "asked_by_learner"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ANSWERED_AFTER = "answered_after"
    UNANSWERED_AFTER = "unanswered_after"
    ENDED = "ended"
    HELD = "held"
    SOLVED_IN_CHAT = "solved_in_chat"
    FOLLOWED_UP = "followed_up"
    USED = "used"
    THREAD = "thread"
    TWO_WAY_THREAD = "two_way_thread"
    MESSAGE = "message"
    SURVEY_SENT_LEARNER = "survey_sent_learner"
    SURVEY_SENT_MENTOR = "survey_sent_mentor"
    SURVEY_ANSWERED_LEARNER = "survey_answered_learner"
    SURVEY_ANSWERED_MENTOR = "survey_answered_mentor"
    RATED_LEARNER = "rated_learner"
    RATED_MENTOR = "rated_mentor"
    CONNECTION = "connection"
    CONNECTION_KEPT = "connection_kept"
    RELATIONSHIP = "relationship"
    SEARCH = "search"
    ZERO_RESULT = "zero_result"


class Entry(NamedTuple):
    """One case of a measure; `people` are those it makes part of the figure's group."""

    program_id: UUID
    measure: Measure
    day: date
    people: tuple[UUID, ...] = ()
    value: int = 0


class Fact(Protocol):
    """Anything that adds to the rollups."""

    def entries(self) -> Iterator[Entry]:
        """Every case it stands for."""


T = TypeVar("T")


def earliest(*moments: T | None) -> T | None:
    """The smallest of those known."""
    return min((moment for moment in moments if moment is not None), default=None)  # type: ignore[type-var] # dates, times


@dataclass(frozen=True, slots=True)
class Session:
    """One request and what became of it. Fields are in the order of the table's columns."""

    session_id: UUID
    program_id: UUID
    learner_id: UUID
    mentor_id: UUID
    requested_at: datetime | None = None
    accepted_at: datetime | None = None
    declined_at: datetime | None = None
    expired_at: datetime | None = None
    withdrawn_at: datetime | None = None
    schedule_version: int = 0
    starts_at: datetime | None = None
    cancelled_at: datetime | None = None
    held_on: date | None = None
    not_held_at: datetime | None = None
    learner_message_at: datetime | None = None
    mentor_message_at: datetime | None = None
    solved_at: datetime | None = None
    followed_up_at: datetime | None = None
    used: bool | None = None
    countered_at: datetime | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes it the same session."""
        return (self.session_id,)

    def merge(self, other: "Session") -> "Session":
        """What both know; the later agreement on a start counts."""
        agreed = max(self, other, key=lambda session: session.schedule_version)
        known = _earliest_fields(self, other)
        return replace(known, schedule_version=agreed.schedule_version, starts_at=agreed.starts_at)

    def entries(self) -> Iterator[Entry]:
        """The request, its answer, the meeting and the thread."""
        if self.requested_at:
            yield from self._request(self.requested_at.date())
            yield from self._wait(self.requested_at)
        yield from self._meeting()
        if self.solved_at:
            yield Entry(self.program_id, Measure.SOLVED_IN_CHAT, self.solved_at.date(), self._parties)
        yield from self._thread()
        if self.followed_up_at:
            yield Entry(self.program_id, Measure.FOLLOWED_UP, self.followed_up_at.date(), (self.learner_id,))
            if self.used:
                yield Entry(self.program_id, Measure.USED, self.followed_up_at.date())

    @property
    def _parties(self) -> tuple[UUID, UUID]:
        return self.learner_id, self.mentor_id

    def _request(self, day: date) -> Iterator[Entry]:
        yield Entry(self.program_id, Measure.ASKED, day, self._parties)
        yield Entry(self.program_id, Measure.ASKED_BY_LEARNER, day, (self.learner_id,))
        outcomes = {
            Measure.ACCEPTED: self.accepted_at or self.solved_at,
            Measure.DECLINED: self.declined_at,
            Measure.WITHDRAWN: self.withdrawn_at,
            Measure.EXPIRED: self.expired_at,
        }
        for outcome in [measure for measure, at in outcomes.items() if at][:1]:
            yield Entry(self.program_id, outcome, day)

    def _wait(self, requested_at: datetime) -> Iterator[Entry]:
        """Until the mentor's first act; what they do once the request is over answers it no more."""
        acts = (self.accepted_at, self.declined_at, self.countered_at, self.mentor_message_at, self.solved_at)
        answered_at = earliest(*acts)
        over_at = earliest(answered_at, self.expired_at, self.withdrawn_at)
        if over_at:
            minutes = max(0, (over_at - requested_at) // timedelta(minutes=1))
            measure = Measure.ANSWERED_AFTER if over_at == answered_at else Measure.UNANSWERED_AFTER
            yield Entry(self.program_id, measure, requested_at.date(), value=minutes)

    def _meeting(self) -> Iterator[Entry]:
        ended_on = self.held_on or self._missed_on()
        if ended_on:
            agreed_on = self.starts_at.date() if self.starts_at else None
            day = min(ended_on, agreed_on or ended_on)
            yield Entry(self.program_id, Measure.ENDED, day, self._parties)
            if self.held_on:
                yield Entry(self.program_id, Measure.HELD, day, self._parties)

    def _missed_on(self) -> date | None:
        """When it was said that the two did not meet, or a meeting was given up that should have begun already."""
        given_up_at = earliest(self.cancelled_at, self.solved_at)
        begun = given_up_at and self.starts_at and given_up_at >= self.starts_at
        missed_at = earliest(self.not_held_at, given_up_at if begun else None)
        return missed_at.date() if missed_at else None

    def _thread(self) -> Iterator[Entry]:
        began_at = earliest(self.learner_message_at, self.mentor_message_at)
        if began_at:
            yield Entry(self.program_id, Measure.THREAD, began_at.date(), self._parties)
            if self.learner_message_at and self.mentor_message_at:
                yield Entry(self.program_id, Measure.TWO_WAY_THREAD, began_at.date())


@dataclass(frozen=True, slots=True)
class Survey:
    """One side of a session, asked for its two taps. Answered once."""

    session_id: UUID
    side: Role
    program_id: UUID
    person_id: UUID
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    rating: int | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes it the same survey."""
        return self.session_id, self.side

    def merge(self, other: "Survey") -> "Survey":
        """What both know."""
        return _earliest_fields(self, other)

    def entries(self) -> Iterator[Entry]:
        """Sent and answered on the day it was sent; rated on the day of the answer."""
        people = (self.person_id,)
        if self.sent_at:
            yield Entry(self.program_id, Measure(f"survey_sent_{self.side}"), self.sent_at.date(), people)
            if self.answered_at and self.answered_at - self.sent_at <= SURVEY_WINDOW:
                yield Entry(self.program_id, Measure(f"survey_answered_{self.side}"), self.sent_at.date())
        if self.answered_at and self.rating:
            rated = Measure(f"rated_{self.side}")
            yield Entry(self.program_id, rated, self.answered_at.date(), people, self.rating)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people in one program, whoever of them taught; `person_a` is the smaller id."""

    program_id: UUID
    person_a: UUID
    person_b: UUID
    first_held_on: date | None = None
    related_at: datetime | None = None

    @classmethod
    def of(cls, program_id: UUID, one: UUID, other: UUID, **known: Any) -> Self:
        """The pair of these two."""
        return cls(program_id, min(one, other), max(one, other), **known)

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes it the same pair."""
        return self.program_id, self.person_a, self.person_b

    def merge(self, other: "Pair") -> "Pair":
        """What both know."""
        return _earliest_fields(self, other)

    def entries(self) -> Iterator[Entry]:
        """A connection on the day of the first session, a relationship on the day it was made."""
        people = (self.person_a, self.person_b)
        if self.first_held_on:
            yield Entry(self.program_id, Measure.CONNECTION, self.first_held_on, people)
            if self.related_at:
                yield Entry(self.program_id, Measure.CONNECTION_KEPT, self.first_held_on)
        if self.related_at:
            yield Entry(self.program_id, Measure.RELATIONSHIP, self.related_at.date(), people)


@dataclass(frozen=True, slots=True)
class Message:
    """One message that was sent."""

    message_id: UUID
    program_id: UUID
    sender_id: UUID
    recipient_id: UUID
    sent_at: datetime

    def entries(self) -> Iterator[Entry]:
        """One message between two people."""
        people = (self.sender_id, self.recipient_id)
        yield Entry(self.program_id, Measure.MESSAGE, self.sent_at.date(), people)


@dataclass(frozen=True, slots=True)
class Search:
    """One search and how many available people it could offer."""

    search_id: UUID
    program_id: UUID
    searcher_id: UUID
    searched_at: datetime
    available: int

    def entries(self) -> Iterator[Entry]:
        """The search, and whether it found nobody."""
        day = self.searched_at.date()
        yield Entry(self.program_id, Measure.SEARCH, day, (self.searcher_id,))
        if not self.available:
            yield Entry(self.program_id, Measure.ZERO_RESULT, day)


FactT = TypeVar("FactT", Session, Survey, Pair)


def _earliest_fields(one: FactT, other: FactT) -> FactT:
    """Field by field the smallest known value; ids are equal anyway."""
    names = one.__dataclass_fields__
    known: dict[str, Any] = {name: _smaller(getattr(one, name), getattr(other, name)) for name in names}
    return type(one)(**known)


def _smaller(one: Any, other: Any) -> Any:
    """Like `earliest`, for the hot path."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
