"""How facts merge, and what they stand for."""

from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from analytics_service.consumers import UNCOUNTED, facts_of
from analytics_service.facts import Entry, Measure, Pair, Session, Survey
from analytics_service.rollup import Changes
from flash_schemas import session as said
from flash_schemas.registry import EVENTS
from hypothesis import given
from hypothesis import strategies as st

from tests.support.deliveries import delivery

MONDAY = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
SESSION_ID, PROGRAM, ANN, BEN = (UUID(int=number) for number in range(1, 5))
IDS = (SESSION_ID, PROGRAM, ANN, BEN)

MOMENTS = st.none() | st.integers(0, 10_000).map(lambda minutes: MONDAY + timedelta(minutes=minutes))
DAYS = st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31))


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """What some of the events of one session tell; a version says one start."""
    version = draw(st.integers(0, 3))
    starts_at = MONDAY + timedelta(days=version) if version else None
    steps = [f.name for f in fields(Session) if f.name.endswith("_at") and f.name != "starts_at"]
    known: dict[str, Any] = {name: draw(MOMENTS) for name in steps}
    return replace(Session(*IDS, held_on=draw(DAYS), schedule_version=version, starts_at=starts_at), **known)


@given(sessions(), sessions(), sessions())
def test_partial_sessions_merge_to_the_same_in_any_order_and_any_often(a: Session, b: Session, c: Session) -> None:
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(b).merge(b) == a.merge(b)


@given(sessions(), sessions())
def test_replacing_a_fact_leaves_exactly_what_it_stands_for_now(before: Session, known: Session) -> None:
    after = before.merge(known)
    stepwise, at_once = Changes(), Changes()
    stepwise.replace([(None, before)])
    stepwise.replace([(before, after)])
    at_once.add(after)
    assert +stepwise.counts == at_once.counts
    assert +stepwise.people == at_once.people
    assert not -stepwise.counts
    assert not -stepwise.people


@given(sessions())
def test_a_request_has_at_most_one_outcome_and_one_wait(session: Session) -> None:
    counted = Counter(entry.measure for entry in session.entries())
    outcomes = (Measure.ACCEPTED, Measure.DECLINED, Measure.EXPIRED, Measure.WITHDRAWN)
    assert sum(counted[outcome] for outcome in outcomes) <= counted[Measure.ASKED] <= 1
    assert counted[Measure.ANSWERED_AFTER] + counted[Measure.UNANSWERED_AFTER] <= counted[Measure.ASKED]
    assert counted[Measure.HELD] <= counted[Measure.ENDED] <= 1


def entries(fact: Session | Survey | Pair, measure: Measure) -> list[Entry]:
    return [entry for entry in fact.entries() if entry.measure == measure]


def test_an_outcome_counts_for_the_day_of_asking() -> None:
    session = Session(*IDS, requested_at=MONDAY, accepted_at=MONDAY + timedelta(hours=1))
    assert [entry.day for entry in entries(session, Measure.ACCEPTED)] == [date(2026, 3, 2)]


def test_a_mentors_message_is_a_first_response() -> None:
    minutes = timedelta(minutes=1)
    session = Session(
        *IDS, requested_at=MONDAY, mentor_message_at=MONDAY + 7.9 * minutes, accepted_at=MONDAY + 90 * minutes
    )
    assert [entry.value for entry in entries(session, Measure.ANSWERED_AFTER)] == [7]


def test_a_request_that_expired_waited_until_then() -> None:
    session = Session(*IDS, requested_at=MONDAY, expired_at=MONDAY + timedelta(hours=72))
    assert [entry.value for entry in entries(session, Measure.UNANSWERED_AFTER)] == [72 * 60]


def test_proposing_something_else_is_a_first_response() -> None:
    session = Session(
        *IDS,
        requested_at=MONDAY,
        countered_at=MONDAY + timedelta(minutes=10),
        accepted_at=MONDAY + timedelta(days=2),
    )
    assert [entry.value for entry in entries(session, Measure.ANSWERED_AFTER)] == [10]


@pytest.mark.parametrize("ended", ["expired_at", "withdrawn_at"])
def test_what_a_mentor_writes_after_the_end_of_a_request_answers_it_no_more(ended: str) -> None:
    known: dict[str, Any] = {ended: MONDAY + timedelta(hours=72), "mentor_message_at": MONDAY + timedelta(hours=73)}
    session = Session(*IDS, requested_at=MONDAY, **known)
    assert [entry.value for entry in entries(session, Measure.UNANSWERED_AFTER)] == [72 * 60]
    assert not entries(session, Measure.ANSWERED_AFTER)


@pytest.mark.parametrize("given_up", ["cancelled_at", "solved_at"])
def test_a_session_given_up_once_it_should_have_begun_was_missed(given_up: str) -> None:
    starts_at, day = MONDAY + timedelta(days=3), date(2026, 3, 5)
    for at, days in (
        (starts_at - timedelta(minutes=1), []),
        (starts_at, [day]),
        (starts_at + timedelta(days=9), [day]),
    ):
        known: dict[str, Any] = {given_up: at}
        session = Session(*IDS, starts_at=starts_at, schedule_version=1, **known)
        assert [entry.day for entry in entries(session, Measure.ENDED)] == days
        assert not entries(session, Measure.HELD)


def test_a_session_given_up_that_had_no_start_was_not_missed() -> None:
    assert not entries(Session(*IDS, cancelled_at=MONDAY), Measure.ENDED)


def test_a_session_held_before_its_agreed_start_belongs_to_the_day_it_was_held() -> None:
    june, may = datetime(2026, 6, 3, 9, tzinfo=UTC), date(2026, 5, 28)
    session = Session(*IDS, starts_at=june, schedule_version=1, held_on=may)
    assert [entry.day for entry in entries(session, Measure.HELD)] == [may]
    later = replace(session, held_on=date(2026, 6, 5))
    assert [entry.day for entry in entries(later, Measure.HELD)] == [june.date()]


def test_what_the_learner_writes_is_no_response() -> None:
    session = Session(*IDS, requested_at=MONDAY, learner_message_at=MONDAY + timedelta(hours=1))
    assert not entries(session, Measure.ANSWERED_AFTER)
    assert not entries(session, Measure.TWO_WAY_THREAD)


def test_an_answer_after_the_window_rates_but_does_not_count_as_a_response() -> None:
    late = Survey(SESSION_ID, "learner", PROGRAM, ANN, MONDAY, MONDAY + timedelta(days=14, seconds=1), 5)
    assert not entries(late, Measure.SURVEY_ANSWERED_LEARNER)
    assert [entry.value for entry in entries(late, Measure.RATED_LEARNER)] == [5]


def test_two_people_are_one_pair_whoever_teaches() -> None:
    assert Pair.of(PROGRAM, BEN, ANN).key == Pair.of(PROGRAM, ANN, BEN).key


def of_every_session_event() -> list[type[said.SessionEvent]]:
    return [model for model in EVENTS.values() if issubclass(model, said.SessionEvent)]


@pytest.mark.parametrize("model", of_every_session_event(), ids=lambda model: model.__name__)
def test_every_event_of_a_session_becomes_a_fact_or_is_known_to_count_for_nothing(
    model: type[said.SessionEvent],
) -> None:
    values: dict[str, Any] = {
        "format": "call",
        "minutes": 30,
        "expires_at": MONDAY,
        "capacity_month": "2026-03",
        "reason": "by_learner" if model is said.SessionWithdrawnV1 else "other",
        "starts_at": MONDAY,
        "held_on": MONDAY.date(),
        "side": "mentor",
        "helped": "solved",
        "rating": 4,
        "used": "no",
        "times": 2,
        **{name: uuid4() for name in ("to_session_id", "to_mentor_id", "call_id")},
        "by": "both_wished" if model is said.RelationshipMadeV1 else "learner",
    }
    ids = {"session_id": uuid4(), "program_id": uuid4(), "learner_id": uuid4(), "mentor_id": uuid4()}
    taken = {name: value for name, value in values.items() if name in model.model_fields}
    facts = list(facts_of(delivery(model(**ids, **taken), 1, at=MONDAY)))
    assert bool(facts) is (model not in UNCOUNTED)
