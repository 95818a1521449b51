"""The session's states against a second, plainer model, over any sequence of commands."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from chassis.problems import Problem
from flash_schemas.profile import RequestPolicy
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from session_service import model
from session_service.model import Ask, Availability, Session, Step

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
}


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

    def attempt(self, name: str, side: str | None, act: Any) -> None:
        following = ALLOWED.get((self.expected, name, side))
        late = name in ("accept", "decline") and self.at >= self.session.expires_at
        full = name == "accept" and self.slots < 1
        try:
            step: Step = act()
        except Problem:
            assert following is None or late or full
            return
        assert following is not None
        assert not late
        assert not full
        self.slots += (self.expected == "accepted" and following == "cancelled") - (following == "accepted")
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
        self.attempt("hold", side, lambda: model.held(self.session, self.people[side], self.at.date(), self.at))

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

    @rule(hours=st.integers(1, 48))
    def wait(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @invariant()
    def both_models_agree(self) -> None:
        assert self.session.state == self.expected
        assert (self.session.capacity_month is not None) == (self.expected in ("accepted", "held"))
        assert self.slots == (0 if self.expected in ("accepted", "held") else 1)
        assert self.versions == list(range(1, self.session.version + 1))


TestSessions = Sessions.TestCase


def test_a_lowered_capacity_never_goes_below_nothing() -> None:
    for used in range(5):
        for capacity in (None, 0, 1, 3):
            left = Availability(uuid4(), 1, capacity, None, "2026-11", used, 0).slots_left(2)
            assert left == max(0, min(2 if capacity is None else capacity, 2) - used)
