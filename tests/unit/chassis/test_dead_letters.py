"""The brake on dead letters, for any course of events."""

from collections import deque

import pytest
from chassis.consumer import Invalid, Origin
from chassis.dead_letters import MAX_REASON_CHARACTERS, Brake, DeadLetters, TooManyDeadLetters
from chassis.kafka import PublishFailed
from chassis.settings import Settings
from chassis.testing import FakePublisher
from hypothesis import given
from hypothesis import strategies as st

from tests.support.aggregates import TOPIC, a_record

CONSECUTIVE, WINDOW, IN_WINDOW = 4, 12, 6


def settings() -> Settings:
    return Settings(
        database_url="postgresql://nowhere",
        kafka_bootstrap="127.0.0.1:1",
        jwt_issuer="https://id.test",
        jwks_url="http://127.0.0.1:1",
        dead_letters_consecutive_limit=CONSECUTIVE,
        dead_letters_window_records=WINDOW,
        dead_letters_window_limit=IN_WINDOW,
    )


def too_many(history: list[bool]) -> bool:
    """The rule itself, at the last of these records: True stands for a parked one."""
    run = 0
    for parked in reversed(history):
        if not parked:
            break
        run += 1
    return run > CONSECUTIVE or sum(deque(history, maxlen=WINDOW)) > IN_WINDOW


@given(st.lists(st.one_of(st.integers(0, 4), st.lists(st.booleans(), max_size=8)), max_size=40))
def test_the_brake_trips_exactly_when_too_many_were_parked_in_a_row_or_lately(steps: list[int | list[bool]]) -> None:
    """A step is a batch in which something was parked, or how many of one went well."""
    brake = Brake(settings())
    history: list[bool] = []
    for step in steps:
        ends = step if isinstance(step, list) else [False] * step
        if isinstance(step, int):
            brake.passed(step)
        else:
            counts = brake.after(ends)
            trips = any(too_many(history + ends[: number + 1]) for number in range(len(ends)))
            assert (counts is None) == trips
            if counts is None:
                continue
            brake.counts = counts
        history += ends


def letters(count: int, reason: str = "no good") -> list[tuple[Invalid, object]]:
    return [(Invalid(reason, Origin(TOPIC, 0, number)), a_record()) for number in range(count)]


async def park(parking: DeadLetters, bad: list[tuple[Invalid, object]]) -> None:
    """A batch in which nothing is good."""
    await parking.park(bad, [item for item, _ in bad])


async def test_the_limit_is_reached_before_one_too_many_is_parked() -> None:
    publisher = FakePublisher()
    parking = DeadLetters("test", "taker", settings(), publisher)
    await park(parking, letters(CONSECUTIVE))
    with pytest.raises(TooManyDeadLetters, match=rf"from {TOPIC}: 2 at once, the first at {TOPIC}/0/0: no good"):
        await park(parking, letters(2))
    assert len(publisher.records) == CONSECUTIVE
    parking.passed(1)
    await park(parking, letters(1))


async def test_what_kafka_did_not_take_is_not_counted() -> None:
    publisher = FakePublisher(failures=50)
    parking = DeadLetters("test", "taker", settings(), publisher)
    while publisher.failures:
        with pytest.raises(PublishFailed):
            await park(parking, letters(1))
    await park(parking, letters(CONSECUTIVE))


async def test_a_letter_that_is_parked_again_says_only_the_last_reason() -> None:
    publisher = FakePublisher()
    parking = DeadLetters("test", "taker", settings(), publisher)
    await park(parking, letters(1, "first"))
    again = Invalid("x" * 10_000, Origin(TOPIC, 1, 7))
    await park(parking, [(again, publisher.records[0])])
    headers = [header for header in publisher.records[1].headers if header[0].startswith("dlq_")]
    assert len(dict(headers)) == len(headers)
    assert dict(headers)["dlq_reason"] == b"x" * MAX_REASON_CHARACTERS
    assert dict(headers)["dlq_offset"] == b"7"
