"""A session, its states, and the step from one to the next. Step 3 of the write path; pure.

requested -> accepted -> held; requested -> declined, expired, withdrawn; accepted -> cancelled, not_held; both ->
solved, by messages alone. A session takes one slot of its mentor's month while it is accepted or held.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, cast
from uuid import UUID

from chassis.outbox import Outgoing
from chassis.problems import Conflict, NotFound, PreconditionFailed
from flash_schemas.base import Role
from flash_schemas.session import CancelReason, Format, MessageReadV1, MessageSentV1, SessionEvent

State = Literal["requested", "accepted", "declined", "expired", "withdrawn", "cancelled", "held", "not_held", "solved"]
MOVES: Mapping[State, frozenset[State]] = {
    "requested": frozenset({"accepted", "declined", "expired", "withdrawn", "solved"}),
    "accepted": frozenset({"held", "not_held", "cancelled", "solved"}),
    "held": frozenset(),
    "not_held": frozenset(),
    "solved": frozenset(),
    "declined": frozenset(),
    "expired": frozenset(),
    "withdrawn": frozenset(),
    "cancelled": frozenset(),
}


class WrongState(Conflict):
    """The session's state does not allow this."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session and how far it has come."""

    session_id: UUID
    version: int
    state: State
    program_id: UUID
    learner_id: UUID
    mentor_id: UUID
    skill_id: UUID | None
    want_to_learn: str
    tried: str
    format: Format
    minutes: int
    created_at: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    capacity_month: str | None = None
    starts_at: datetime | None = None
    held_on: date | None = None
    ended_at: datetime | None = None
    messages: int = 0
    mentor_replied: bool = False
    formal_goal: Mapping[str, str] | None = None
    by_when: date | None = None
    by_when_ends_at: datetime | None = None
    card_version: int = 1
    first_answer_at: datetime | None = None
    answer_by: datetime = field(kw_only=True)
    remind_at: datetime | None = None
    reminded: bool = False
    clock_stopped_at: datetime | None = None
    viewed_at: datetime | None = None
    proposed_times: Sequence[str] | None = None
    suggested_id: UUID | None = None
    suggestion_hidden: bool = False
    """From the learner: one of the two blocked the other, which is nobody's to know, the mentor's neither."""
    information: Literal["asked", "given"] | None = None
    proposal: Mapping[str, Any] | None = None
    wall_clock: datetime | None = None
    time_zone: str | None = None
    place: Mapping[str, str | None] | None = None
    invitation_sequence: int = 0
    cancel_reason: CancelReason | None = None
    then_ask: Sequence[str] | None = None
    open_to_all: bool = False
    passing: bool = False
    passed_from: UUID | None = None
    passed_to: UUID | None = None

    def side_of(self, person_id: UUID) -> Role:
        """On which side somebody is. Raises NotFound for everybody else."""
        if person_id == self.learner_id:
            return "learner"
        if person_id == self.mentor_id:
            return "mentor"
        raise NotFound

    def other(self, person_id: UUID) -> UUID:
        """The other of the two."""
        return self.mentor_id if person_id == self.learner_id else self.learner_id


@dataclass(frozen=True, slots=True)
class Step:
    """A session after a command, and what to say about it; each event takes the next version."""

    session: Session
    events: tuple[SessionEvent | MessageSentV1 | MessageReadV1, ...]

    @property
    def outgoing(self) -> list[Outgoing]:
        """The events with the versions that lead up to the session's own."""
        first = self.session.version - len(self.events) + 1
        return [Outgoing(event, version) for version, event in enumerate(self.events, first)]


def check_version(present: int, expected: int) -> None:
    """Raise PreconditionFailed when somebody changed the row since it was read."""
    if present != expected:
        raise PreconditionFailed


def moved_to(session: Session, state: State) -> Session:
    """The session in its next state. Raises WrongState."""
    if state not in MOVES[session.state]:
        raise WrongState(f"This session is {session.state} already.")
    return replace(session, state=state, version=session.version + 1, remind_at=None, clock_stopped_at=None)


def ended(session: Session, state: State, at: datetime) -> Session:
    """The session in a state that ends it. Raises WrongState."""
    return replace(moved_to(session, state), ended_at=at)


def only(session: Session, by: UUID, side: Role) -> None:
    """Raise WrongState unless somebody is on this side, NotFound when on none."""
    if session.side_of(by) != side:
        raise WrongState(f"Only the {side} can do this.")


def about(session: Session) -> dict[str, UUID]:
    """The ids that every event of a session carries."""
    names = ("session_id", "program_id", "learner_id", "mentor_id", "skill_id")
    return {name: cast("UUID", getattr(session, name)) for name in names}
