"""Who takes part by a rule, against a plain reading of it; which groups of a preview are shown; when programs run."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from chassis.problems import Conflict, Refused
from flash_schemas.profile import EligibilityRule, Objective, TenureRule, UnitRef
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profile_service.model import (
    Choice,
    Declared,
    Organisation,
    Period,
    Person,
    Program,
    ProgramBody,
    Unit,
    broken_down,
    check_rule,
    eligible,
    placed,
)
from profile_service.model.eligibility import months_later

ROOT, SALES, CRM = (UUID(int=number) for number in (1, 2, 3))
ADA, BEN = UUID(int=11), UUID(int=12)
TODAY = date(2026, 11, 26)
TREE = Organisation(
    Unit(unit_id, name, name, parent, closed=False, sequence=1)
    for unit_id, name, parent in ((ROOT, "root", None), (SALES, "sales", ROOT), (CRM, "crm", SALES))
)

languages = st.lists(st.sampled_from(["de", "pt"]), max_size=2).map(tuple)
places = st.sampled_from([ROOT, SALES, CRM])
names = st.sampled_from([(), (ADA,), (BEN,)])
unit_rules = st.fixed_dictionaries({"unit_id": places, "with_sub_units": st.booleans()})
tenures = st.fixed_dictionaries(
    {"at_least_months": st.integers(0, 30), "at_most_months": st.none() | st.integers(0, 30)}
)
rules = st.fixed_dictionaries(
    {
        "units": st.lists(unit_rules, max_size=2),
        "job_levels": st.lists(st.integers(3, 5), max_size=2),
        "locations": st.sampled_from([(), ("Berlin",)]),
        "languages": languages,
        "tenure": st.none() | tenures,
        "included": names,
        "excluded": names,
    }
).map(EligibilityRule.model_validate)
declared = st.fixed_dictionaries(
    {
        "languages": languages,
        "visibility": st.sampled_from([{}, {"languages": "nobody"}, {"languages": "unit"}, {"bio": "nobody"}]),
    }
).map(Declared.model_validate)
people = st.fixed_dictionaries(
    {
        "person_id": st.sampled_from([ADA, BEN]),
        "job_level": st.integers(3, 5),
        "location": st.sampled_from(["Berlin", "Oslo"]),
        "unit_id": places,
        "status": st.sampled_from(["active", "active", "on_leave", "left"]),
        "hired_on": st.none() | st.dates(date(2024, 1, 1), date(2027, 1, 1)),
        "declared": declared,
    }
).map(lambda facts: placed(with_facts(**facts), TREE, []))


def with_facts(**facts: Any) -> Person:
    return replace(somebody(), **facts)


def full_months(since: date, until: date) -> int:
    """Months that have passed, counted one by one: the day of a month too short for it is that month's last."""
    months = 0
    while months_later(since, months + 1) <= until:
        months += 1
    return months


def plainly(person: Person, rule: EligibilityRule) -> bool:
    """The rule as its description reads."""
    if person.status != "active" or person.person_id in rule.excluded:
        return False
    if person.person_id in rule.included:
        return True
    above = {SALES: {SALES, ROOT}, CRM: {CRM, SALES, ROOT}, ROOT: {ROOT}}[person.unit_id]
    conditions = []
    if rule.units:
        conditions.append(
            any((u.unit_id in above) if u.with_sub_units else u.unit_id == person.unit_id for u in rule.units)
        )
    if rule.job_levels:
        conditions.append(person.job_level in rule.job_levels)
    if rule.locations:
        conditions.append(person.location in rule.locations)
    if rule.languages:
        shown = person.declared.visibility.get("languages", "everyone") == "everyone"
        conditions.append(shown and any(language in rule.languages for language in person.declared.languages))
    if rule.tenure:
        known = person.hired_on is not None and person.hired_on <= TODAY
        months = full_months(person.hired_on, TODAY) if known and person.hired_on else -1
        most = rule.tenure.at_most_months
        conditions.append(known and rule.tenure.at_least_months <= months and (most is None or months <= most))
    return all(conditions)


# How long a draw takes is said by the machine's other work, not by these strategies.
in_its_own_time = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@in_its_own_time
@given(people, rules)
def test_a_rule_admits_whom_a_plain_reading_admits(person: Person, rule: EligibilityRule) -> None:
    assert eligible(person, rule, TODAY) == plainly(person, rule)


@in_its_own_time
@given(people, rules)
def test_exclusion_wins_over_everything(person: Person, rule: EligibilityRule) -> None:
    named = rule.model_copy(update={"included": (person.person_id,), "excluded": (person.person_id,)})
    assert not eligible(person, named, TODAY)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 11, 26), 0, date(2026, 11, 26)),
        (date(2026, 11, 30), 14, date(2028, 1, 30)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(9999, 12, 31), 1, date.max),
    ],
)
def test_months_are_counted_to_the_same_day_or_the_last(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


def test_a_tenure_that_nobody_can_have_is_refused_by_field() -> None:
    with pytest.raises(Refused) as refusal:
        check_rule(EligibilityRule(tenure=TenureRule(at_least_months=12, at_most_months=6)))
    assert refusal.value.extras["errors"][0]["field"] == "eligibility.tenure.at_most_months"


@given(st.dictionaries(st.integers(0, 9), st.integers(0, 12), max_size=8))
def test_no_small_group_is_shown_nor_had_by_subtraction(people: dict[int, int]) -> None:
    shown, others = broken_down(people)
    assert sum(shown.values()) + others == sum(people.values())
    assert all(size >= 5 and people[key] == size for key, size in shown.items())
    assert others == 0 or others >= 5 or not shown


def program(number: int = 1, **values: Any) -> Program:
    objective = Objective(objective_id=UUID(int=5), text="x", metric="connections", target=1, due=date(2026, 12, 1))
    usual = {"name": "Program", "objectives": (objective,), "starts_on": date(2026, 11, 1)}
    body = ProgramBody.model_validate({**usual, **values})
    return Program(UUID(int=number), 1, (ADA,), body, judged_on=TODAY)


def somebody(**choices: Choice) -> Person:
    person = Person(ADA, "1", 1, 1, "Ada", "Engineer", 5, "Berlin", CRM, unit_path=(UnitRef(unit_id=CRM, name="crm"),))
    return replace(person, choices=choices)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "joined"),
    [(0, None, True), (1, None, False), (-9, 0, True), (-9, -1, False), (1, 9, False)],
)
def test_people_take_part_from_the_first_to_the_last_day(starts_on: int, ends_on: int | None, joined: bool) -> None:
    last = None if ends_on is None else TODAY + timedelta(days=ends_on)
    running = program(starts_on=TODAY + timedelta(days=starts_on), ends_on=last)
    assert bool(placed(somebody(), TREE, [running]).participations) is joined


def test_a_choice_holds_in_the_programs_that_continue_one_until_another_is_made() -> None:
    first = program(1)
    second = replace(program(2), continues=first.program_id)
    third = replace(program(3), continues=second.program_id)
    mentor, out = Choice(roles=("mentor",), paused_until={"mentor": date(2027, 1, 1)}), Choice(roles=())
    carried = placed(somebody(**{str(first.program_id): mentor}), TREE, [third, first, second]).participations
    assert [(part.roles, part.paused_until) for part in carried] == [(mentor.roles, mentor.paused_until)] * 3
    both = somebody(**{str(first.program_id): mentor, str(second.program_id): out})
    assert [part.program_id for part in placed(both, TREE, [first, second, third]).participations] == [first.program_id]


def test_the_next_period_begins_after_the_last_with_new_objectives_due_as_late() -> None:
    old = program(ends_on=date(2026, 12, 31))
    new = old.continued(UUID(int=2), Period(name="Next", starts_on=date(2027, 1, 1), ends_on=date(2027, 2, 28)))
    before, after = old.body.objectives[0], new.body.objectives[0]
    assert after.objective_id != before.objective_id
    assert after.due - new.body.starts_on == before.due - old.body.starts_on
    assert (new.owners, new.continues, new.version) == (old.owners, old.program_id, 1)
    for impossible in (old.body.starts_on, date(9999, 12, 31)):
        with pytest.raises(Refused):
            old.continued(UUID(int=2), Period(name="Impossible", starts_on=impossible, ends_on=None))


@pytest.mark.parametrize(("following", "status"), [(TODAY + timedelta(days=1), "active"), (TODAY, "archived")])
def test_a_program_that_was_rolled_over_ends_the_day_before_the_next(following: date, status: str) -> None:
    ended = program(ends_on=date(2027, 6, 30)).ending_before(following)
    assert (ended.body.ends_on, ended.status) == (following - timedelta(days=1), status)


def test_the_last_owner_cannot_leave_and_an_archived_program_stays_as_it_is() -> None:
    with pytest.raises(Conflict):
        program().without_owner(ADA, 1)
    shared = program().with_owner(BEN, 1)
    assert shared.without_owner(ADA, 2).owners == (BEN,)
    archived = program().archived()
    with pytest.raises(Conflict):
        archived.edited(archived.body, 2)
    with pytest.raises(Conflict):
        archived.with_owner(BEN, 2)
    with pytest.raises(Conflict):
        archived.archived()


@pytest.mark.parametrize(
    ("role", "days", "field"),
    [
        ("mentor", 0, "paused_until.mentor"),
        ("mentor", 400, "paused_until.mentor"),
        ("learner", 5, "paused_until.learner"),
    ],
)
def test_a_pause_is_of_a_role_taken_ahead_and_for_a_year_at_most(role: Any, days: int, field: str) -> None:
    choice = Choice(roles=("mentor",), paused_until={role: TODAY + timedelta(days=days)})
    with pytest.raises(Refused) as refusal:
        choice.check(TODAY)
    assert refusal.value.extras["errors"][0]["field"] == field


def test_choices_of_before_there_were_pauses_are_read() -> None:
    assert Choice.model_validate(["mentor"]) == Choice(roles=("mentor",))


def test_groups_beyond_a_hundred_are_others() -> None:
    shown, others = broken_down(dict.fromkeys(range(150), 10))
    assert (len(shown), others) == (100, 500)
