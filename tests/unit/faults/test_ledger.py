"""What the callers' ledger takes for possible, by which lost and invented changes are found."""

from typing import Any

from tests.faults.ledger import Employee, Ledger, Organisation, Outcome, Push


def event(kind: str, **about: Any) -> dict[str, Any]:
    return {"type": kind, "id": f"{kind}{about}", "employee_number": "1", **about}


def after(*pushes: tuple[Outcome, dict[str, Any]]) -> Organisation:
    """Who works here once somebody joined and these calls were made."""
    organisation = Organisation()
    joined = event("person_joined", job_title="New", unit="A")
    for outcome, said in [("answered", joined), *pushes]:
        organisation.note(Push([said], outcome))
    return organisation


def wrong(organisation: Organisation, *actual: Employee) -> list[str]:
    return list(organisation.settle(actual))


CHANGED = event("person_changed", job_title="T")


def test_an_answered_change_that_is_not_there_is_lost() -> None:
    assert wrong(after(("answered", CHANGED)), Employee("1", "New", "A")) == ["1"]
    assert wrong(after(("answered", CHANGED)), Employee("1", "T", "A")) == []


def test_an_unknown_change_may_have_happened_and_nothing_else() -> None:
    assert wrong(after(("unknown", CHANGED)), Employee("1", "New", "A")) == []
    assert wrong(after(("unknown", CHANGED)), Employee("1", "T", "A")) == []
    assert wrong(after(("unknown", CHANGED)), Employee("1", "U", "A")) == ["1"]


def test_a_refused_change_that_is_there_is_wrong() -> None:
    assert wrong(after(("refused", CHANGED)), Employee("1", "T", "A")) == ["1"]


def test_who_may_have_joined_by_an_unanswered_call_that_was_overtaken_is_as_they_are_found() -> None:
    again = event("person_joined", job_title="New", unit="B")
    organisation = after(("unknown", again), ("answered", CHANGED))
    assert wrong(organisation, Employee("1", "T", "B")) == []
    assert wrong(organisation, Employee("1", "T", "A")) == ["1"]


def test_what_is_certain_of_a_call_is_said_transaction_by_transaction_since_each_may_happen_without_the_next() -> None:
    organisation = after()
    changes = [event("person_changed", job_title=f"T{number}") for number in range(201)]
    organisation.note(push := Push(changes, "unknown"))
    assert [len(ids) for ids in push.certain.values()] == [200, 1]
    assert wrong(organisation, Employee("1", "T199", "A")) == []


def changed(number: str, time: int) -> dict[str, Any]:
    return {**event("person_changed", job_title=f"T{time}"), "employee_number": number, "id": f"{number} at {time}"}


def ledger(first: Outcome) -> Ledger:
    """One transaction about three people, then another about one of them."""
    pushes = [Push([changed(number, 1) for number in "123"], first), Push([changed("2", 2)], "answered")]
    for push in pushes:
        push.certain[0] = [each["id"] for each in push.events]
    return Ledger(pushes)


def halves(first: Outcome, *applied: str) -> list[str]:
    return list(ledger(first).halves({"2 at 2", *applied}))


def test_half_a_transaction_is_lost_whether_or_not_it_was_answered() -> None:
    assert halves("answered", "1 at 1") == ["a transaction of a push that was answered: 1 of 2 events"]
    assert halves("unknown", "1 at 1", "2 at 1") == ["a transaction of a push that was unknown: 2 of 3 events"]


def test_what_a_later_call_had_overtaken_is_missing_from_no_transaction() -> None:
    assert halves("unknown", "1 at 1", "3 at 1") == []
    assert halves("answered", "1 at 1", "3 at 1") == []


def test_an_answered_transaction_is_there_and_an_unknown_one_may_be_missing_whole() -> None:
    assert halves("unknown") == []
    assert halves("answered") == ["a transaction of a push that was answered: 0 of 2 events"]
