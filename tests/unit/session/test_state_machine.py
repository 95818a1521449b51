"""The session's states against a second, plainer model, over any sequence of commands.

`python -m tests.bench sessions` runs it over more than 100,000 of them.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from chassis.problems import Problem
from flash_schemas.profile import RequestPolicy
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from session_service import model
from session_service.model import Ask, Availability, Proposal, Session, Step

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
STOP = timedelta(hours=72)
POLICY = RequestPolicy()
SIDES = st.sampled_from(["learner", "mentor", "stranger"])
ALLOWED = {
    ("requested", "accept", "mentor"): "accepted",
    ("requested", "agree", "learner"): "accepted",
    ("requested", "decline", "mentor"): "declined",
    ("requested", "withdraw", "learner"): "withdrawn",
    ("requested", "expire", None): "expired",
    ("requested", "depart", "learner"): "withdrawn",
    ("requested", "depart", "mentor"): "withdrawn",
    ("requested", "question", "mentor"): "requested",
    ("requested", "counter", "mentor"): "requested",
    ("requested", "disagree", "learner"): "requested",
    ("requested", "edit", "learner"): "requested",
    ("accepted", "withdraw", "learner"): "cancelled",
    ("accepted", "withdraw", "mentor"): "cancelled",
    ("accepted", "depart", "learner"): "cancelled",
    ("accepted", "depart", "mentor"): "cancelled",
    ("accepted", "hold", "learner"): "held",
    ("accepted", "hold", "mentor"): "held",
    ("held", "hold", "learner"): "held",
    ("held", "hold", "mentor"): "held",
}
IN_TIME = ("accept", "agree", "decline", "question", "counter", "disagree", "edit")
TAKES_A_SLOT = ("accept", "agree")
COUNTED = {"steps": 0}


class Sessions(RuleBasedStateMachine):
    """Commands in any order; the plain model is a table, whose turn it is, and what is left of somebody's time."""

    @initialize()
    def ask(self) -> None:
        self.people = {"learner": uuid4(), "mentor": uuid4(), "stranger": uuid4()}
        self.card = Ask(uuid4(), self.people["mentor"], None, "x", "", "call", 30, None, then_ask=(uuid4(),))
        step = model.requested(uuid4(), self.card, self.people["learner"], POLICY, START)
        self.session: Session = step.session
        self.at, self.slots, self.said = START, 1, [item.version for item in step.outgoing]
        self.plain: dict[str, Any] = {
            "state": "requested",
            "turn": "mentor",
            "until": START + timedelta(hours=POLICY.answer_within_hours),
            "question": "none",
            "proposal": "none",
            "passes": False,
        }

    def attempt(self, name: str, side: str | None, act: Any, *, possible: bool = True) -> bool:
        """Whether both models took the step; they must agree on that."""
        following = ALLOWED.get((self.plain["state"], name, side))
        late = name in IN_TIME and self.at >= self.plain["until"]
        full = name in TAKES_A_SLOT and self.slots < 1
        expected = following is not None and possible and not late and not full
        try:
            step: Step = act()
        except Problem:
            assert not expected, (name, side, self.plain)
            return False
        assert expected, (name, side, self.plain)
        self.slots += (self.plain["state"] == "accepted" and following == "cancelled") - (
            self.plain["state"] == "requested" and following == "accepted"
        )
        self.plain["state"], self.session = following, step.session
        self.said += [item.version for item in step.outgoing]
        return True

    def hand_over(self) -> None:
        self.plain |= {"turn": "learner", "since": self.at, "left": self.plain["until"] - self.at}
        self.plain["until"] += STOP

    def hand_back(self) -> None:
        if self.plain["turn"] == "learner":
            runs_since = min(self.at, self.plain["since"] + STOP)
            self.plain |= {"turn": "mentor", "until": runs_since + self.plain["left"]}
        self.plain["question"] = "given" if self.plain["question"] == "asked" else self.plain["question"]

    @rule(side=SIDES)
    def accept(self, side: str) -> None:
        self.attempt("accept", side, lambda: model.accepted(self.session, self.people[side], self.slots, self.at))

    @rule(side=SIDES)
    def decline(self, side: str) -> None:
        act = lambda: model.declined(self.session, self.people[side], "no_time", self.at)  # noqa: E731 - as the others
        self.plain["passes"] |= self.attempt("decline", side, act)

    @rule(side=SIDES)
    def withdraw(self, side: str) -> None:
        self.attempt("withdraw", side, lambda: model.withdrawn(self.session, self.people[side], self.at))

    @rule(side=SIDES)
    def hold(self, side: str) -> None:
        self.attempt("hold", side, lambda: model.held(self.session, self.people[side], self.at.date(), self.at))

    @rule(side=SIDES)
    def ask_back(self, side: str) -> None:
        possible = self.plain["turn"] == "mentor" and self.plain["question"] == "none"
        act = lambda: model.asked_for_information(self.session, self.people[side], self.at)  # noqa: E731 - as the others
        if self.attempt("question", side, act, possible=possible):
            self.hand_over()
            self.plain["question"] = "asked"

    @rule(side=SIDES, minutes=st.sampled_from([15, 30, 33, 60]))
    def counter(self, side: str, minutes: int) -> None:
        possible = self.plain["turn"] == "mentor" and self.plain["proposal"] == "none" and minutes in (15, 60)
        proposal = Proposal(None, minutes, ())
        act = lambda: model.countered(self.session, self.people[side], proposal, POLICY, self.at)  # noqa: E731 - as above
        if self.attempt("counter", side, act, possible=possible):
            self.hand_over()
            self.plain["proposal"] = minutes

    @rule(side=SIDES)
    def agree(self, side: str) -> None:
        proposed = self.plain["proposal"]
        act = lambda: model.agreed(self.session, self.people[side], self.slots, self.at)  # noqa: E731 - as the others
        if self.attempt("agree", side, act, possible=isinstance(proposed, int)):
            assert self.session.minutes == proposed
            self.plain["proposal"] = "taken"

    @rule(side=SIDES)
    def disagree(self, side: str) -> None:
        act = lambda: model.disagreed(self.session, self.people[side], self.at)  # noqa: E731 - as the others
        if self.attempt("disagree", side, act, possible=isinstance(self.plain["proposal"], int)):
            self.hand_back()
            self.plain["proposal"] = "refused"

    @rule(side=SIDES, behind=st.integers(0, 3))
    def edit(self, side: str, behind: int) -> None:
        seen = self.session.version - behind
        possible = seen >= self.session.card_version
        act = lambda: model.edited(self.session, self.people[side], self.card, seen, POLICY, self.at)  # noqa: E731 - as above
        if self.attempt("edit", side, act, possible=possible):
            self.hand_back()
            self.plain["proposal"] = "refused" if isinstance(self.plain["proposal"], int) else self.plain["proposal"]

    @rule()
    def expire(self) -> None:
        self.plain["passes"] |= self.attempt("expire", None, lambda: model.expired(self.session, self.at))

    @rule(side=st.sampled_from(["learner", "mentor"]))
    def depart(self, side: str) -> None:
        asked = self.plain["state"] == "requested"
        gone = self.attempt("depart", side, lambda: model.closed_for(self.session, self.people[side], self.at))
        self.plain["passes"] |= gone and asked and side == "mentor"

    @rule(side=SIDES)
    def speak(self, side: str) -> None:
        before = self.session.messages
        try:
            step = model.spoken(self.session, self.people[side], uuid4(), 1, self.at, may_meet=True)
        except Problem:
            assert side == "stranger" or self.plain["state"] not in ("requested", "accepted")
            return
        if side == "learner" and self.plain["question"] == "asked":
            self.hand_back()
        self.session = step.session
        self.said += [item.version for item in step.outgoing]
        assert self.session.messages == before + 1

    @rule(hours=st.integers(1, 48))
    def wait(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @invariant()
    def both_models_agree(self) -> None:
        COUNTED["steps"] += 1
        state = self.plain["state"]
        assert self.session.state == state
        assert (self.session.capacity_month is not None) == (state in ("accepted", "held"))
        assert self.slots == (0 if state in ("accepted", "held") else 1)
        assert self.session.passing == self.plain["passes"]
        if state == "requested":
            assert self.session.expires_at == self.plain["until"]
            assert (self.session.clock_stopped_at is not None) == (self.plain["turn"] == "learner")
            assert not (self.session.remind_at and self.session.clock_stopped_at)
        else:
            assert self.session.remind_at is self.session.clock_stopped_at is None

    @invariant()
    def versions_only_rise(self) -> None:
        assert self.said == sorted(set(self.said))
        assert self.said[-1] <= self.session.version


TestSessions = Sessions.TestCase


def test_a_lowered_capacity_never_goes_below_nothing() -> None:
    for used in range(5):
        for capacity in (None, 0, 1, 3):
            left = Availability(uuid4(), 1, capacity, None, "2026-11", used, 0).slots_left(2)
            assert left == max(0, min(2 if capacity is None else capacity, 2) - used)
