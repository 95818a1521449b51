"""The rules of an answer that is neither yes nor no yet, and whose turn it is then. Step 3 of the write path; pure.

A mentor hands the turn to the learner at most twice: once by a question, once by a proposal. Meanwhile their own time
stands still; they may still say yes or no, and the learner may still withdraw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.problems import Refused
from flash_schemas.base import Role
from flash_schemas.profile import RequestPolicy
from flash_schemas.session import (
    Format,
    SessionCounterProposedV1,
    SessionMoreInformationAskedV1,
    SessionViewedV1,
)

from session_service.model.answering import check_open, checked_times, taken
from session_service.model.clock import resumed, stopped
from session_service.model.session import Session, Step, WrongState, about, only


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a mentor would rather do; what is not said stays as it was asked for."""

    format: Format | None
    minutes: int | None
    times: Sequence[datetime]


def viewed(session: Session, by: UUID, at: datetime) -> Step:
    """The mentor has the request before them; only the first time is said. Raises WrongState, NotFound."""
    only(session, by, "mentor")
    if session.viewed_at or session.state != "requested":
        return Step(session, ())
    return Step(replace(session, version=session.version + 1, viewed_at=at), (SessionViewedV1(**about(session)),))


def asked_for_information(session: Session, by: UUID, at: datetime) -> Step:
    """The mentor asks back, once. Raises WrongState, NotFound."""
    _check_turn(session, by, at)
    if session.information:
        raise WrongState("You have asked back once: say yes, no, or propose something else.")
    moved = replace(_handed_over(session, at), information="asked")
    return Step(moved, (SessionMoreInformationAskedV1(**about(session)),))


def countered(session: Session, by: UUID, proposal: Proposal, policy: RequestPolicy, at: datetime) -> Step:
    """The mentor proposes something else, once. Raises WrongState, Refused, NotFound."""
    _check_turn(session, by, at)
    if session.proposal:
        raise WrongState("You have proposed something else once: say yes or no.")
    if proposal.minutes and proposal.minutes not in policy.session_minutes:
        raise Refused(f"One of {', '.join(map(str, policy.session_minutes))} minutes.", field="minutes")
    format_, minutes = proposal.format or session.format, proposal.minutes or session.minutes
    times = checked_times(proposal.times, at)
    if (format_, minutes) == (session.format, session.minutes) and not times:
        raise Refused("Propose another format, length or time; otherwise accept.", field="format")
    kept = {"format": format_, "minutes": minutes, "times": times, "answer": None}
    said = SessionCounterProposedV1(**about(session), format=format_, minutes=minutes, times=len(times))
    return Step(replace(_handed_over(session, at), proposal=kept), (said,))


def agreed(session: Session, by: UUID, slots_left: int, at: datetime) -> Step:
    """The learner takes what the mentor proposed. Raises WrongState, NoSlotLeft, NotFound."""
    proposal = _open_proposal(session, by, at)
    as_proposed = replace(
        session,
        format=proposal["format"],
        minutes=proposal["minutes"],
        proposal={**proposal, "answer": "agreed"},
    )
    return taken(as_proposed, slots_left, at, proposal["times"])


def disagreed(session: Session, by: UUID, at: datetime) -> Step:
    """The learner would rather have it as asked; the mentor's time runs on. Raises WrongState, NotFound."""
    _open_proposal(session, by, at)
    return Step(replace(handed_back(session, at), version=session.version + 1), ())


def replied(session: Session, side: Role, at: datetime) -> Session:
    """Somebody wrote: if the mentor had asked something, a word of the learner's is the reply."""
    if side != "learner" or session.information != "asked":
        return session
    return replace(resumed(session, at), information="given")


def handed_back(session: Session, at: datetime) -> Session:
    """The learner did something about the request: a question is replied to, a proposal is not taken."""
    back = replied(resumed(session, at), "learner", at)
    if back.proposal and back.proposal["answer"] is None:
        return replace(back, proposal={**back.proposal, "answer": "refused"})
    return back


def _handed_over(session: Session, at: datetime) -> Session:
    first = session.first_answer_at or at
    return replace(stopped(session, at), version=session.version + 1, first_answer_at=first)


def _check_turn(session: Session, by: UUID, at: datetime) -> None:
    only(session, by, "mentor")
    if session.state != "requested":
        raise WrongState(f"This session is {session.state} already.")
    check_open(session, at)
    if session.clock_stopped_at:
        raise WrongState("It is the learner's turn: wait for their reply, or say yes or no.")


def _open_proposal(session: Session, by: UUID, at: datetime) -> Mapping[str, Any]:
    only(session, by, "learner")
    check_open(session, at)
    if session.state != "requested" or not session.proposal or session.proposal["answer"]:
        raise WrongState("There is no proposal to answer.")
    return session.proposal
