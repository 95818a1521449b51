"""The rules of asking: who may ask whom, and what a request is. Step 3 of the write path; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.problems import Conflict, NotFound, PreconditionFailed, Refused
from flash_schemas.base import Role
from flash_schemas.profile import RequestPolicy
from flash_schemas.session import Format, SessionRequestedV1

from session_service.model.availability import Availability
from session_service.model.clock import answer_by, timed
from session_service.model.meeting import PLANNED_AHEAD
from session_service.model.session import Session, Step, WrongState, about, only
from session_service.model.turns import handed_back

CARD = ("skill_id", "want_to_learn", "tried", "format", "minutes", "by_when", "by_when_ends_at", "formal_goal")
"""What the learner says on the card, and may change."""
SKILL_IS_NEEDED = "Name the skill: whoever has it can take the request."


class AlreadyAsked(Conflict):
    """You have asked this mentor about this already: wait for the answer, or edit or withdraw that request."""


@dataclass(frozen=True, slots=True)
class Member:
    """What is known here of a person: status, roles by program, those that rest until a day (ISO), and skills."""

    person_id: UUID
    status: str = "active"
    participations: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)
    pauses: Mapping[str, Mapping[Role, str]] | None = None
    skill_ids: Sequence[str] | None = None

    def takes_part(self, program_id: UUID, role: Role) -> bool:
        """Whether they are there and have this role in the program."""
        return self.status == "active" and role in self.participations.get(str(program_id), ())

    def rests(self, program_id: UUID, role: Role, today: date) -> bool:
        """Whether they take a break from this role in the program; their promises stay."""
        until = (self.pauses or {}).get(str(program_id), {}).get(role)
        return until is not None and date.fromisoformat(until) > today


@dataclass(frozen=True, slots=True)
class Ask:
    """What a learner asks for."""

    program_id: UUID
    mentor_id: UUID
    skill_id: UUID | None
    want_to_learn: str
    tried: str
    format: Format
    minutes: int
    by_when: date | None
    by_when_ends_at: datetime | None = None
    """The end of that day where the learner is."""
    formal_goal: Mapping[str, str] | None = None
    then_ask: tuple[UUID, ...] = ()
    open_to_all: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as far as its learner has come with it; `card` holds what they said so far."""

    draft_id: UUID
    learner_id: UUID
    version: int
    card: Mapping[str, Any]
    changed_at: datetime


def check_ask(
    ask: Ask, learner: Member, mentor: Member | None, availability: Availability, policy: RequestPolicy, at: datetime
) -> None:
    """Raise NotFound, Refused or Conflict when this learner cannot ask this mentor now."""
    if not learner.takes_part(ask.program_id, "learner"):
        raise NotFound
    if ask.mentor_id == learner.person_id:
        raise Refused("Ask somebody else.", field="mentor_id")
    if mentor is None or not mentor.takes_part(ask.program_id, "mentor"):
        raise Refused("Nobody with this id takes part as a mentor.", field="mentor_id")
    _check_card(ask, policy, at)
    _check_turn(ask, learner)
    if learner.rests(ask.program_id, "learner", at.date()):
        raise Conflict("You rest as a learner in this program: end your pause first.")
    _check_free(ask, mentor, availability, policy, at.date())


def _check_card(ask: Ask, policy: RequestPolicy, at: datetime) -> None:
    check_minutes(ask.minutes, policy)
    if ask.by_when_ends_at and ask.by_when_ends_at < at:
        raise Refused("This day is over.", field="by_when")
    if ask.by_when_ends_at and ask.by_when_ends_at > at + PLANNED_AHEAD:
        raise Refused("At most five years from now.", field="by_when")


def check_minutes(minutes: int, policy: RequestPolicy) -> None:
    """Raise Refused for a length that the program does not have."""
    if minutes not in policy.session_minutes:
        allowed = ", ".join(map(str, policy.session_minutes))
        raise Refused(f"In this program a session lasts {allowed} minutes.", field="minutes")


def _check_turn(ask: Ask, learner: Member) -> None:
    if len({learner.person_id, ask.mentor_id, *ask.then_ask}) < len(ask.then_ask) + 2:
        raise Refused("Name other people than yourself and whom you ask first, each once.", field="then_ask")
    if ask.open_to_all and ask.skill_id is None:
        raise Refused(SKILL_IS_NEEDED, field="open_to_all")


def _check_free(ask: Ask, mentor: Member, availability: Availability, policy: RequestPolicy, today: date) -> None:
    if resting(mentor, availability, ask.program_id, today) or not availability.slots_left(
        policy.sessions_per_mentor_and_month
    ):
        raise Conflict("This mentor cannot take a request at present: ask somebody else.", field="mentor_id")


def resting(mentor: Member, availability: Availability, program_id: UUID, today: date) -> bool:
    """Whether a mentor takes nothing in a program at present, by their own choice, which a full month is not."""
    return availability.capacity == 0 or availability.paused(today) or mentor.rests(program_id, "mentor", today)


def closes(
    session: Session, person_id: UUID, member: Member | None, mentor: Availability, at: datetime, *, runs: bool
) -> bool:
    """Whether something ahead cannot go on because of this one of the two, or since its program no longer runs.

    Only who is not here breaks a promise: what was accepted goes on also beyond the program, or one's part in it.
    """
    if not is_ahead(session, at):
        return False
    if member is None or member.status != "active":
        return True
    side = session.side_of(person_id)
    asks_or_answers = member.takes_part(session.program_id, side) and not (
        side == "mentor" and resting(member, mentor, session.program_id, at.date())
    )
    return session.state == "requested" and not (runs and asks_or_answers)


def is_ahead(session: Session, at: datetime) -> bool:
    """Whether it is to be answered or to take place; of what has begun the two will say whether it was held."""
    begun = session.starts_at is not None and session.starts_at <= at
    return session.state in ("requested", "accepted") and not begun


def requested(
    session_id: UUID, ask: Ask, learner_id: UUID, policy: RequestPolicy, at: datetime, passed_from: UUID | None = None
) -> Step:
    """A new request, open until the policy's time or the end of `by_when`, whichever is first."""
    until = answer_by(at, policy)
    session = Session(
        session_id=session_id,
        version=1,
        state="requested",
        program_id=ask.program_id,
        learner_id=learner_id,
        mentor_id=ask.mentor_id,
        skill_id=ask.skill_id,
        want_to_learn=ask.want_to_learn,
        tried=ask.tried,
        format=ask.format,
        minutes=ask.minutes,
        created_at=at,
        expires_at=until,
        formal_goal=ask.formal_goal,
        by_when=ask.by_when,
        by_when_ends_at=ask.by_when_ends_at,
        answer_by=until,
        then_ask=[str(each) for each in ask.then_ask] or None,
        open_to_all=ask.open_to_all,
        passed_from=passed_from,
    )
    session = timed(session, at)
    event = SessionRequestedV1(
        **about(session),
        format=ask.format,
        minutes=ask.minutes,
        expires_at=session.expires_at,
        serves_formal_goal=ask.formal_goal is not None,
        passed_from=passed_from,
    )
    return Step(session, (event,))


def edited(session: Session, by: UUID, ask: Ask, seen_version: int, policy: RequestPolicy, at: datetime) -> Step:
    """The learner changes the card of an open request, also while the two write to each other.

    Nothing is said of it: no event carries what is on a card. Raises WrongState, PreconditionFailed, Refused, NotFound.
    """
    only(session, by, "learner")
    if session.state != "requested" or at >= session.expires_at:
        raise WrongState("A request can be edited until it is answered.")
    if not session.card_version <= seen_version <= session.version:
        raise PreconditionFailed
    _check_card(ask, policy, at)
    if session.open_to_all and ask.skill_id is None:
        raise Refused(SKILL_IS_NEEDED, field="skill_id")
    version = session.version + 1
    card = {name: getattr(ask, name) for name in CARD}
    changed = replace(handed_back(session, at), version=version, card_version=version, **card)
    return Step(timed(changed, session.created_at), ())
