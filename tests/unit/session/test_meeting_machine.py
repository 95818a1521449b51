"""The session's states against a second, plainer model, over any sequence of commands."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from chassis.problems import Problem
from flash_schemas.profile import RequestPolicy
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from session_service import model
from session_service.model import Appointment, Ask, Availability, Session, Step

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
SIDES = st.sampled_from(["learner", "mentor", "stranger"])
ALLOWED = {
    ("requested", "accept", "mentor"): "accepted",
    ("requested", "decline", "mentor"): "declined",
    ("requested", "withdraw", "learner"): "withdrawn",
    ("requested", "expire", None): "expired",
    ("requested", "depart", None): "withdrawn",
    ("accepted", "withdraw", "learner"): "cancelled",
    ("accepted", "withdraw", "mentor"): "cancelled",
    ("accepted", "depart", None): "cancelled",
    ("accepted", "hold", "learner"): "held",
    ("accepted", "hold", "mentor"): "held",
    ("held", "hold", "learner"): "held",
    ("held", "hold", "mentor"): "held",
    ("accepted", "time to object is over", None): "not_held",
}
TAKES_A_SLOT = ("accepted", "held")
TIME_TO_STATE = (timedelta(minutes=10), timedelta(days=7))


def agreed(moment: datetime) -> Appointment:
    return Appointment(moment.replace(tzinfo=None), "UTC", moment)


class Sessions(RuleBasedStateMachine):
    """Commands in any order; the plain model is a table and a counter of slots."""

    @initialize()
    def ask(self) -> None:
        self.people = {"learner": uuid4(), "mentor": uuid4(), "stranger": uuid4()}
        ask = Ask(uuid4(), self.people["mentor"], None, "x", "", "call", 30, None)
        step = model.requested(uuid4(), ask, self.people["learner"], RequestPolicy(), START)
        self.session: Session = step.session
        self.at, self.slots, self.versions = START, 1, [item.version for item in step.outgoing]
        self.expected = "requested"
        self.starts_at: datetime | None = None
        self.said: dict[Any, Any] = {}
        self.mentor_wrote = False

    def attempt(self, name: str, side: str | None, act: Any) -> bool:
        following = ALLOWED.get((self.expected, name, side))
        late = name in ("accept", "decline") and self.at >= self.session.expires_at
        full = name == "accept" and self.slots < 1
        try:
            step: Step = act()
        except Problem:
            assert following is None or late or full
            return False
        assert following is not None
        assert not late
        assert not full
        self.take(following, step)
        return True

    def take(self, following: str, step: Step) -> None:
        self.slots += (self.expected in TAKES_A_SLOT) - (following in TAKES_A_SLOT)
        self.expected, self.session = following, step.session
        self.versions += [item.version for item in step.outgoing]

    @rule(side=SIDES)
    def accept(self, side: str) -> None:
        self.attempt("accept", side, lambda: model.accepted(self.session, self.people[side], self.slots, self.at))

    @rule(side=SIDES)
    def decline(self, side: str) -> None:
        self.attempt("decline", side, lambda: model.declined(self.session, self.people[side], "no_time", self.at))

    @rule(side=SIDES)
    def withdraw(self, side: str) -> None:
        self.attempt("withdraw", side, lambda: model.withdrawn(self.session, self.people[side], self.at))

    @rule(side=SIDES)
    def hold(self, side: str) -> None:
        if self.attempt("hold", side, lambda: model.held(self.session, self.people[side], self.at.date(), self.at)):
            self.said[side] = "held"

    @rule(side=SIDES, hours=st.integers(1, 100))
    def schedule(self, side: str, hours: int) -> None:
        starts_at = self.at + timedelta(hours=hours)
        allowed = side != "stranger" and self.expected == "accepted"
        try:
            step = model.scheduled(self.session, self.people[side], agreed(starts_at), self.at)
        except Problem:
            assert not allowed
            return
        assert allowed
        self.take("accepted", step)
        self.said = {} if step.events else self.said
        self.starts_at = starts_at

    @rule(side=SIDES)
    def miss(self, side: str) -> None:
        waited = self.at - self.starts_at if self.starts_at else None
        timely = waited is not None and TIME_TO_STATE[0] <= waited <= TIME_TO_STATE[1]
        again = self.expected == "not_held" and self.said.get(side) == "not_held"
        open_to_it = self.expected in TAKES_A_SLOT and timely and self.said.get(side) != "held"
        try:
            step = model.not_held(self.session, self.people[side], self.said, self.at)
        except Problem:
            assert side == "stranger" or not (again or open_to_it)
            return
        assert side != "stranger"
        assert again or open_to_it
        self.said[side] = "not_held"
        both = list(self.said.values()) == ["not_held", "not_held"]
        self.take("not_held" if both and self.expected == "accepted" else self.expected, step)

    @rule()
    def nobody_objects(self) -> None:
        self.attempt("time to object is over", None, lambda: model.unopposed(self.session, self.at))

    @rule(side=SIDES)
    def solve(self, side: str) -> None:
        allowed = side == "learner" and self.expected in ("requested", "accepted") and self.mentor_wrote
        try:
            step = model.solved_in_chat(self.session, self.people[side], self.at)
        except Problem:
            assert not allowed
            return
        assert allowed
        self.take("solved", step)

    @rule()
    def expire(self) -> None:
        self.attempt("expire", None, lambda: model.expired(self.session, self.at))

    @rule(side=st.sampled_from(["learner", "mentor"]))
    def depart(self, side: str) -> None:
        self.attempt("depart", None, lambda: model.closed_for(self.session, self.people[side], self.at))

    @rule(side=SIDES)
    def speak(self, side: str) -> None:
        before = self.session.messages
        try:
            step = model.spoken(self.session, self.people[side], uuid4(), 1, self.at, may_meet=True)
        except Problem:
            assert side == "stranger" or self.expected not in ("requested", "accepted")
            return
        self.session = step.session
        self.versions += [item.version for item in step.outgoing]
        assert self.session.messages == before + 1
        self.mentor_wrote |= side == "mentor"

    @rule(hours=st.integers(1, 48))
    def wait(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @invariant()
    def both_models_agree(self) -> None:
        assert self.session.state == self.expected
        assert (self.session.capacity_month is not None) == (self.expected in TAKES_A_SLOT)
        assert self.slots == (0 if self.expected in TAKES_A_SLOT else 1)
        assert self.versions == list(range(1, self.session.version + 1))


TestSessions = Sessions.TestCase


def test_a_lowered_capacity_never_goes_below_nothing() -> None:
    for used in range(5):
        for capacity in (None, 0, 1, 3):
            left = Availability(uuid4(), 1, capacity, None, "2026-11", used, 0).slots_left(2)
            assert left == max(0, min(2 if capacity is None else capacity, 2) - used)
