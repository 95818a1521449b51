"""The rules of asking in turn, and of a call to everybody who knows a skill. Step 3 of the write path; pure.

Each mentor is asked by a session of its own, so that nobody sees what another was asked, or said.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from chassis.problems import Conflict
from flash_schemas.profile import RequestPolicy
from flash_schemas.session import SessionOpenedToAllV1, SessionPassedOnV1

from session_service.model.answering import taken
from session_service.model.asking import CARD, Ask, requested
from session_service.model.clock import answer_by, deadline
from session_service.model.session import Session, Step, about

CallState = Literal["open", "taken", "closed"]


class CallIsOver(Conflict):
    """Thank you for wanting to help: somebody was faster, or the request is no longer needed."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A request that everybody may take who knows the skill; its card is that of the session it came from."""

    call_id: UUID
    session_id: UUID
    program_id: UUID
    learner_id: UUID
    skill_id: UUID
    state: CallState
    created_at: datetime
    expires_at: datetime
    taken_session_id: UUID | None = None


def next_ask(session: Session, mentor_id: UUID) -> Ask:
    """What to ask the next mentor: the same card, and the turn after them."""
    rest = tuple(UUID(each) for each in session.then_ask or () if UUID(each) != mentor_id)
    card = {name: getattr(session, name) for name in CARD}
    return Ask(session.program_id, mentor_id, **card, then_ask=rest, open_to_all=session.open_to_all)


def passed_on(session: Session, following: Session) -> Step:
    """The next mentor is asked."""
    to = {"to_session_id": following.session_id, "to_mentor_id": following.mentor_id}
    moved = replace(session, version=session.version + 1, passing=False, passed_to=following.session_id)
    return Step(moved, (SessionPassedOnV1(**about(session), **to),))


def skipped(session: Session) -> Step:
    """The next mentor cannot take a request; with nobody left the turn is over."""
    rest = list(session.then_ask or ())[1:]
    passing = bool(rest) or session.open_to_all
    return Step(replace(session, then_ask=rest or None, passing=passing, version=session.version + 1), ())


def stopped_passing(session: Session) -> Step:
    """The turn is over: the learner is no longer there, or their day is."""
    return Step(replace(session, passing=False, version=session.version + 1), ())


def opened_to_all(session: Session, call_id: UUID, policy: RequestPolicy, at: datetime) -> tuple[OpenCall, Step] | None:
    """A call to everybody who knows the skill; None when the learner's day is over, or no skill is named any more."""
    expires_at = deadline(answer_by(at, policy), session.by_when_ends_at)
    if expires_at <= at or session.skill_id is None:
        return None
    call = OpenCall(
        call_id, session.session_id, session.program_id, session.learner_id, session.skill_id, "open", at, expires_at
    )
    moved = replace(session, version=session.version + 1, passing=False, passed_to=call_id)
    said = SessionOpenedToAllV1(**about(session), call_id=call_id, expires_at=expires_at)
    return call, Step(moved, (said,))


def may_take(call: OpenCall, by: UUID, known: Collection[UUID], at: datetime) -> bool:
    """Whether a call is there for somebody who knows these skills."""
    return call.skill_id in known and by != call.learner_id and call.state == "open" and at < call.expires_at


def taken_from_call(
    session_id: UUID, origin: Session, mentor_id: UUID, slots_left: int, policy: RequestPolicy, at: datetime
) -> Step:
    """A mentor takes a call: asked and accepted at once. Raises NoSlotLeft."""
    ask = replace(next_ask(origin, mentor_id), then_ask=(), open_to_all=False)
    asked = requested(session_id, ask, origin.learner_id, policy, at, passed_from=origin.session_id)
    accepted = taken(asked.session, slots_left, at, ())
    return Step(accepted.session, (*asked.events, *accepted.events))
