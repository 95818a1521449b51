"""After a restore callers hold the platform to what they were promised before the backup, and to nothing since."""

from itertools import chain
from typing import Any
from uuid import UUID, uuid4

from tests.faults.ledger import Asked, Employee, Ledger, Organisation, Push, Sent
from tests.faults.restoring import Certain

BEFORE = Employee("1", "Before", "A")
SINCE = Employee("1", "Since", "A")


def titled(title: str) -> dict[str, Any]:
    return {"id": f"f-{uuid4()}", "type": "person_changed", "employee_number": "1", "job_title": title}


def pushed(ledger: Ledger, organisation: Organisation, title: str, outcome: Any) -> Push:
    push = Push([titled(title)], outcome)
    ledger.pushes.append(push)
    organisation.note(push)
    return push


def test_an_answer_since_the_backup_may_hold_or_not_and_one_before_it_must() -> None:
    ledger, organisation = Ledger(), Organisation({"1": {Employee("1", "First", "A")}})
    first = pushed(ledger, organisation, "Before", "answered")
    certain = Certain.now(ledger, organisation)
    second = pushed(ledger, organisation, "Since", "answered")
    certain.all_else_is_unknown()
    assert organisation.possible["1"] == {BEFORE, SINCE}
    assert (first.outcome, second.outcome) == ("answered", "unknown")
    assert second.certain == {0: [event["id"] for event in second.events]}, "all of it, or nothing"


def test_a_push_under_way_at_the_backup_may_hold_or_not() -> None:
    ledger, organisation = Ledger(), Organisation({"1": {BEFORE}})
    under_way = Push([titled("Since")])
    ledger.pushes.append(under_way)
    certain = Certain.now(ledger, organisation)
    under_way.outcome = "answered"
    organisation.note(under_way)
    assert organisation.possible["1"] == {SINCE}
    certain.all_else_is_unknown()
    assert organisation.possible["1"] == {BEFORE, SINCE}


def test_a_refusal_stays_one() -> None:
    ledger, organisation = Ledger(), Organisation({"1": {BEFORE}})
    certain = Certain.now(ledger, organisation)
    refused = pushed(ledger, organisation, "Since", "refused")
    certain.all_else_is_unknown()
    assert (refused.outcome, organisation.possible["1"]) == ("refused", {BEFORE})


def test_messages_and_sessions_answered_since_are_named_and_unknown() -> None:
    ledger = Ledger()
    kept, lost, session_id = uuid4(), uuid4(), uuid4()
    ledger.messages[kept] = Sent(uuid4(), "answered")
    ledger.asked["kept"] = Asked("m", "answered", uuid4())
    under_way = ledger.messages[lost] = Sent(uuid4())
    certain = Certain.now(ledger, Organisation())
    under_way.outcome = "answered"
    ledger.asked["lost"] = Asked("m", "answered", session_id)
    assert certain.all_else_is_unknown() == {lost, session_id}
    assert outcomes(ledger) == {"kept": "answered", "lost": "unknown", kept: "answered", lost: "unknown"}
    assert session_id not in ledger.session_ids()


def outcomes(ledger: Ledger) -> dict[str | UUID, str]:
    every = chain[tuple[str | UUID, Asked | Sent]](ledger.asked.items(), ledger.messages.items())
    return {key: each.outcome for key, each in every}
