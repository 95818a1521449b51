"""What may be shown, how sure it is, and when an objective is met."""

from fractions import Fraction
from statistics import NormalDist

import pytest
from analytics_service import model
from analytics_service.model import SUPPRESSED, Figure, Finding
from flash_schemas.profile import Direction
from hypothesis import given
from hypothesis import strategies as st

DURATIONS = st.dictionaries(st.integers(0, 60), st.integers(1, 4), max_size=12)
DIRECTIONS: tuple[Direction, ...] = ("at_least", "at_most")
SHARES = st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9])


@given(st.integers(1, 4), st.integers(0, 50))
def test_a_figure_about_fewer_than_five_people_says_nothing_at_all(people: int, cases: int) -> None:
    assert model.show(Finding(0.5, cases), people) == Figure("suppressed", None, None, None)


def test_cases_of_people_who_are_not_known_are_suppressed_too() -> None:
    assert model.show(Finding(0.0, 2), people=0) == SUPPRESSED
    assert model.show(Finding(1, 0), people=0) == SUPPRESSED


def test_nothing_happened_is_a_figure_and_no_ratio_of_nothing_is_not_enough_data() -> None:
    assert model.show(Finding(0, 0), people=0) == Figure("value", 0, 0)
    assert model.show(model.ratio(0, 0), people=0) == Figure("not_enough_data", None, 0)


def test_a_figure_about_five_people_is_shown_with_its_cases_and_interval() -> None:
    shown = model.show(model.ratio(3, 4), people=5)
    assert (shown.state, shown.value, shown.cases) == ("value", 0.75, 4)
    assert shown.interval is not None


@given(st.lists(st.sets(st.integers(1, 14)), max_size=8))
def test_what_is_suppressed_cannot_be_had_by_subtraction_from_the_total(groups: list[set[int]]) -> None:
    everybody = set[int]().union(*groups)
    hidden = model.to_suppress([len(group) for group in groups], len(everybody))
    visible = [group for index, group in enumerate(groups) if index not in hidden and group]
    concealed = [groups[index] for index in hidden]
    assert all(len(group) >= 5 for group in visible)
    assert not concealed or len(everybody) < 5 or (len(concealed) >= 2 and len(set[int]().union(*concealed)) >= 5)


@given(st.lists(st.integers(5, 12), max_size=8))
def test_nothing_is_suppressed_where_all_groups_are_large(people: list[int]) -> None:
    assert model.to_suppress(people, sum(people)) == frozenset()


def test_the_smallest_other_group_hides_a_small_one() -> None:
    assert model.to_suppress([9, 3, 6, 20], 38) == {1, 2}


def test_small_groups_hide_each_other_only_if_they_are_not_the_same_people() -> None:
    assert model.to_suppress([3, 3, 9], 15) == {0, 1}
    assert model.to_suppress([3, 3, 9], 12) == {0, 1, 2}


@given(st.integers(1, 500), st.data())
def test_the_ends_of_an_interval_are_where_the_score_test_just_accepts(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    low, high = model.wilson(part, whole)
    z2 = NormalDist().inv_cdf(0.975) ** 2
    assert 0 <= low <= part / whole <= high <= 1
    for end in (low, high):
        assert (part / whole - end) ** 2 == pytest.approx(z2 * end * (1 - end) / whole, abs=1e-9)


def test_an_interval_agrees_with_the_published_example_of_wilson() -> None:
    # 15 of 148: Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert model.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)


@given(DURATIONS.filter(bool), SHARES)
def test_where_all_were_answered_the_quantile_is_the_sorted_waits(answered: dict[int, int], share: float) -> None:
    waits = sorted(minutes for minutes, asks in answered.items() for _ in range(asks))
    expected = next(wait for n, wait in enumerate(waits, 1) if Fraction(n, len(waits)) >= Fraction(str(share)))
    assert model.waiting_quantile(answered, {}, share) == expected


@given(DURATIONS, DURATIONS, SHARES)
def test_a_quantile_follows_each_ask_through_its_wait(
    answered: dict[int, int], unanswered: dict[int, int], share: float
) -> None:
    asks = [(minutes, True) for minutes, n in answered.items() for _ in range(n)]
    asks += [(minutes, False) for minutes, n in unanswered.items() for _ in range(n)]
    waiting, expected = Fraction(1), None
    for moment in sorted({minutes for minutes, _ in asks}):
        at_risk = sum(minutes >= moment for minutes, _ in asks)
        waiting *= 1 - Fraction(sum(ask == (moment, True) for ask in asks), at_risk)
        if waiting <= 1 - Fraction(str(share)):
            expected = moment
            break
    assert model.waiting_quantile(answered, unanswered, share) == expected


def test_open_asks_make_the_wait_longer_never_shorter() -> None:
    answered = {10: 5, 20: 5}
    assert model.waiting_quantile(answered, {}, 0.5) == 10
    assert model.waiting_quantile(answered, {600: 2}, 0.5) == 20
    assert model.waiting_quantile(answered, {600: 11}, 0.5) is None


@pytest.mark.parametrize(
    ("figure", "state"),
    [
        (Figure("value", 0.8, 5), "met"),
        (Figure("value", 0.79, 5), "not_met"),
        (Figure("value", 1.0, 4), "not_enough_data"),
        (Figure("not_enough_data", None, 9), "not_enough_data"),
        (SUPPRESSED, "not_enough_data"),
    ],
)
def test_an_objective_is_judged_only_on_enough_cases(figure: Figure, state: str) -> None:
    assert model.judge(figure, target=0.8, smallest_cases=5) == state


@given(st.integers(1, 1000), st.data())
def test_a_ratio_that_equals_its_target_meets_it(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    target = float(Fraction(part, whole))
    figure = model.show(model.ratio(part, whole), people=5)
    assert model.judge(figure, target, smallest_cases=1) == "met"


def test_a_target_may_be_a_most_as_well_as_a_least() -> None:
    figure = Figure("value", 20.0, 30)
    states = [model.judge(figure, target, 5, direction) for target in (10, 20, 30) for direction in DIRECTIONS]
    assert states == ["met", "not_met", "met", "met", "not_met", "met"]
