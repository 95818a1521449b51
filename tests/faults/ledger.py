"""What the callers of the platform know: everything they asked for, and whether it was answered.

An answer is a promise. No answer is *unknown*: it may have happened or not, but no transaction by half. A refusal must
have had no effect at all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

Outcome = Literal["answered", "refused", "unknown"]
HR_TRANSACTION_EVENTS = 200
"""So many events of a call of HR are one transaction."""


@dataclass(frozen=True)
class Employee:
    """What HR says of somebody."""

    number: str
    title: str
    unit: str
    status: str = "active"

    def takes(self, event: dict[str, Any]) -> bool:
        """Whether such an event applies to somebody like this; otherwise it is refused by itself."""
        return bool((self.status == "left") == (event["type"] == "person_joined"))

    def after(self, event: dict[str, Any]) -> "Employee":
        """The same person once this event is pushed."""
        if not self.takes(event):
            return self
        match event["type"]:
            case "person_joined":
                return replace(self, title=event["job_title"], unit=event["unit"], status="active")
            case "person_changed":
                return replace(self, title=event["job_title"])
            case "person_moved":
                return replace(self, unit=event["unit"])
            case _:
                return replace(self, status="left")


@dataclass
class Push:
    """One call of the HR platform: each transaction of it happens whole or not at all."""

    events: Sequence[dict[str, Any]]
    outcome: Outcome = "unknown"
    certain: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The ids of those events that apply, whatever else happened before, if their transaction happens; by that."""


@dataclass
class Organisation:
    """Everybody whom HR pushed, as they may be now: several ways while a call is unknown."""

    possible: dict[str, set[Employee]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    """Who may have joined by a call that nobody answered. It may be overtaken by the calls after it, and what those do
    depends on whether somebody is there: of them only what is found counts."""

    def note(self, push: Push) -> None:
        """Take in what became of a call, in the order of calls."""
        for place, event in enumerate(push.events):
            number = event["employee_number"]
            before = self.possible.get(number) or {Employee(number, "", "", "left")}
            if push.outcome == "unknown" and event["type"] == "person_joined":
                self.unsure.add(number)
            if number not in self.unsure and all(employee.takes(event) for employee in before):
                push.certain[place // HR_TRANSACTION_EVENTS].append(event["id"])
            after = {employee.after(event) for employee in before}
            if push.outcome == "answered":
                self.possible[number] = after
            elif push.outcome == "unknown":
                self.possible[number] = before | after

    def settle(self, actual: Iterable[Employee]) -> Iterator[str]:
        """From what is, forget what is not; the numbers of those who are as nobody ever said."""
        for employee in actual:
            if employee not in self.possible[employee.number] and employee.number not in self.unsure:
                yield employee.number
            self.possible[employee.number] = {employee}
        self.unsure.clear()


@dataclass
class Sent:
    """One message, by the id that its sender chose."""

    session_id: UUID
    outcome: Outcome = "unknown"


@dataclass
class Asked:
    """One request for a session, by the key that makes repeating it safe."""

    mentor_id: str
    outcome: Outcome = "unknown"
    session_id: UUID | None = None


@dataclass
class Ledger:
    """All calls of one run."""

    pushes: list[Push] = field(default_factory=list)
    messages: dict[UUID, Sent] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    sessions_before: int = 0
    unanswered: int = 0
    """Calls that ended without an answer, repeated or not."""

    def halves(self, applied: Collection[str]) -> Iterator[str]:
        """Transactions of which a part is not there, given the ids of all events that had an effect.

        A call that nobody answered may go on beside those after it. What they had said of somebody by then is newer,
        so it has no effect any more, and is no missing part.
        """
        told_since: set[str] = set()
        for push in reversed(self.pushes):
            about = {event["id"]: event["employee_number"] for event in push.events}
            for ids in push.certain.values():
                there = sum(each in applied for each in ids)
                missing = sum(each not in applied and about[each] not in told_since for each in ids)
                if missing and (there or push.outcome == "answered"):
                    yield f"a transaction of a push that was {push.outcome}: {there} of {there + missing} events"
            told_since |= {number for event_id, number in about.items() if event_id in applied}

    def session_ids(self) -> set[UUID]:
        """Every session that the learner was told of."""
        return {asked.session_id for asked in self.asked.values() if asked.session_id}
