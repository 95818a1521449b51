"""The rules of an HR push against a plain simulation, for any order of events."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flash_schemas.profile import EligibilityRule, UnitRule
from hypothesis import given
from hypothesis import strategies as st
from profile_service.hr import AnyHrEvent, Push, Result, SnapshotPart, in_order, parse, parse_cloud_event
from profile_service.model import Organisation, Person, eligible, placed

TIME = "2026-11-02T09:00:00Z"
NOW = datetime(2026, 11, 26, tzinfo=UTC)
UNITS, PEOPLE = ("a", "b", "c", "d"), ("1", "2", "3")

units = st.fixed_dictionaries(
    {"type": st.just("unit_upserted"), "unit": st.sampled_from(UNITS), "name": st.sampled_from(["North", "South"])},
    optional={"parent": st.sampled_from(UNITS)},
)
closures = st.fixed_dictionaries({"type": st.just("unit_closed"), "unit": st.sampled_from(UNITS)})
joiners = st.fixed_dictionaries(
    {
        "type": st.just("person_joined"),
        "employee_number": st.sampled_from(PEOPLE),
        "name": st.just("Somebody"),
        "job_title": st.just("Engineer"),
        "job_level": st.integers(1, 20),
        "location": st.just("Berlin"),
        "unit": st.sampled_from(UNITS),
    }
)
others = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["person_moved", "person_left", "person_on_leave", "person_back"]),
        "employee_number": st.sampled_from(PEOPLE),
    }
)


def complete(fact: dict[str, Any], number: int) -> dict[str, Any]:
    unit = {"unit": "a"} if fact["type"] == "person_moved" else {}
    return {"id": f"e{number}", "sequence": number, "time": TIME, **unit, **fact}


histories = st.lists(st.one_of(units, closures, joiners, others), max_size=40).map(
    lambda facts: [complete(fact, number) for number, fact in enumerate(facts, 1)]
)


def push() -> Push:
    return Push(Organisation([]), {}, [], set())


def apply(pushed: Push, raw: dict[str, Any]) -> Result:
    event = parse(raw)
    assert not isinstance(event, SnapshotPart)
    return event if isinstance(event, Result) else pushed.apply(event)


@given(histories)
def test_every_event_has_one_outcome_and_only_applied_ones_say_something(history: list[dict[str, Any]]) -> None:
    pushed = push()
    for raw in history:
        before = len(pushed.people.outgoing)
        result = apply(pushed, raw)
        said = len(pushed.people.outgoing) - before
        assert said == (result.outcome == "applied" and raw["type"].startswith("person"))
        assert (result.field is not None) == (result.outcome == "refused")


@given(histories)
def test_applying_a_history_twice_is_applying_it_once(history: list[dict[str, Any]]) -> None:
    pushed = push()
    first = [apply(pushed, raw) for raw in history]
    state = dict(pushed.people.changed), dict(pushed.units.changed)
    again = [apply(pushed, raw) for raw in history if first[history.index(raw)].outcome == "applied"]
    assert {result.outcome for result in again} <= {"ignored"}
    assert (pushed.people.changed, pushed.units.changed) == state


def test_a_joining_that_was_refused_is_refused_again_when_its_call_is_repeated() -> None:
    """Though by then something newer is known of the person, it is not taken for one that came late."""
    pushed = push()
    facts = [
        {"type": "unit_upserted", "unit": "a", "name": "North"},
        joiner(),
        {**joiner(), "job_title": "Somebody else"},
        {"type": "person_moved", "employee_number": "1"},
    ]
    call = [complete(fact, number) for number, fact in enumerate(facts, 1)]
    assert [apply(pushed, raw).outcome for raw in call] == ["applied", "applied", "refused", "applied"]
    state = dict(pushed.people.changed)
    assert [apply(pushed, raw).outcome for raw in call] == ["ignored", "ignored", "refused", "ignored"]
    assert pushed.people.changed == state


def told(number: str, sequence: int | None, minute: int) -> AnyHrEvent:
    fact = {"type": "person_left", "employee_number": number, "time": f"2026-11-02T09:{minute:02}:00Z"}
    event = parse({**fact, "id": f"{number}-{sequence}-{minute}", "sequence": sequence})
    assert not isinstance(event, Result)
    return event


def test_in_a_call_each_subject_goes_by_its_sequence_and_all_go_by_time() -> None:
    call = [told("1", 8, 1), told("2", 1, 2), told("1", 7, 3), told("3", None, 6), told("3", 9, 5)]
    ordered = [place for place, _ in in_order(list(enumerate(call)))]
    assert ordered == [2, 1, 0, 4, 3]


@given(histories)
def test_versions_of_a_person_rise_by_one(history: list[dict[str, Any]]) -> None:
    pushed = push()
    for raw in history:
        apply(pushed, raw)
    for person in pushed.people.changed.values():
        versions = [item.version for item in pushed.people.outgoing if item.event.aggregate_id == person.person_id]
        assert versions == list(range(1, len(versions) + 1))


@given(histories)
def test_the_tree_never_has_a_cycle_and_everyone_has_a_way_from_its_root(history: list[dict[str, Any]]) -> None:
    pushed = push()
    for raw in history:
        apply(pushed, raw)
    organisation = Organisation(pushed.units.changed.values())
    for unit in pushed.units.changed.values():
        assert organisation.path(unit.unit_id)[-1].unit_id == unit.unit_id
    for person in pushed.people.changed.values():
        assert person.unit_path[-1].unit_id == person.unit_id


@given(st.lists(st.sampled_from([3, 4, 5]), max_size=2), st.lists(st.sampled_from(["Berlin", "Oslo"]), max_size=2))
def test_a_rule_admits_those_who_satisfy_each_of_its_lists(levels: list[int], locations: list[str]) -> None:
    rule = EligibilityRule(job_levels=tuple(levels), locations=tuple(locations))
    for level in (3, 4, 5):
        for location in ("Berlin", "Oslo"):
            expected = (not levels or level in levels) and (not locations or location in locations)
            assert eligible(person(level, location), rule) == expected


def test_nobody_takes_part_while_on_leave() -> None:
    pushed = push()
    leave = {"type": "person_on_leave", "employee_number": "1"}
    for number, fact in enumerate([{"type": "unit_upserted", "unit": "a", "name": "North"}, joiner(), leave], 1):
        assert apply(pushed, complete(fact, number)).outcome == "applied"
    away = next(iter(pushed.people.changed.values()))
    rule = EligibilityRule(units=(UnitRule(unit_id=away.unit_id),))
    assert not eligible(away, rule)


def joiner() -> dict[str, Any]:
    return {
        "type": "person_joined",
        "employee_number": "1",
        "name": "Somebody",
        "job_title": "Engineer",
        "job_level": 5,
        "location": "Berlin",
        "unit": "a",
    }


@pytest.mark.parametrize("field", ["employee_number", "name", "job_title", "location", "unit", "manager"])
@pytest.mark.parametrize("blank", ["", " ", "\t\u2003\n"])
def test_a_text_of_blanks_alone_is_refused_by_field(field: str, blank: str) -> None:
    parsed = parse(complete({**joiner(), field: blank}, 1))
    assert isinstance(parsed, Result)
    assert (parsed.outcome, parsed.field) == ("refused", field)


def test_blanks_around_a_text_are_none_of_it() -> None:
    spaced = {name: f" {value} " if isinstance(value, str) else value for name, value in joiner().items()}
    assert parse(complete({**spaced, "type": "person_joined"}, 1)) == parse(complete(joiner(), 1))


def person(level: int, location: str) -> Person:
    pushed = push()
    apply(pushed, complete({"type": "unit_upserted", "unit": "a", "name": "North"}, 1))
    apply(pushed, complete({**joiner(), "job_level": level, "location": location}, 2))
    made = next(iter(pushed.people.changed.values()))
    assert placed(made, Organisation(pushed.units.changed.values()), []) == made
    return made


@pytest.mark.parametrize(
    ("time", "field"),
    [
        ("0001-01-01T00:00:00+01:00", "time"),
        ("1969-12-31T23:59:59.999999Z", "time"),
        ("1970-01-01T01:00:00+01:00", None),
        ("9999-12-31T23:59:59-01:00", "time"),
    ],
)
@pytest.mark.parametrize("form", ["plain", "cloud_event"])
def test_an_event_happened_since_1970_and_not_in_time_to_come(time: str, field: str | None, form: str) -> None:
    fact = {"unit": "a", "name": "North"}
    if form == "plain":
        parsed = parse({"id": "e1", "time": time, "type": "unit_renamed", **fact}, NOW)
    else:
        about = {"specversion": "1.0", "id": "e1", "source": "/hr", "type": "org.unit.renamed", "time": time}
        parsed = parse_cloud_event({**about, "data": fact}, NOW)
    assert (parsed.field if isinstance(parsed, Result) else None) == field
