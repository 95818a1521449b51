"""Reading a Kafka record of any quality ends in an event or in a reason, never in an error."""

from types import SimpleNamespace
from typing import Any

import orjson
from chassis.consumer import Delivery, Invalid, Origin, decode
from chassis.envelope import to_headers
from flash_schemas.registry import EVENTS
from hypothesis import given
from hypothesis import strategies as st

from tests.support.aggregates import TOPIC, a_record, an_event

NAMES = [name for name, _ in a_record().headers]
headers = st.lists(
    st.tuples(
        st.sampled_from(NAMES) | st.text(max_size=8),
        st.none()
        | st.binary(max_size=40)
        | st.sampled_from([value for _, value in a_record().headers])
        | st.sampled_from([name.encode() for name in EVENTS])
        | st.datetimes().map(lambda time: time.isoformat().encode())
        | st.integers().map(lambda number: str(number).encode()),
    ),
    max_size=12,
)

scalars = st.none() | st.booleans() | st.floats() | st.text() | st.integers(-(2**53), 2**53)
fields = st.sampled_from(["skill_id", "label", "aliases", "retired"])
json = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(fields, inner), max_leaves=8)


def record(value: bytes | None, given_headers: Any) -> Any:
    return SimpleNamespace(partition=3, offset=14, value=value, headers=tuple(given_headers))


@given(headers, st.none() | st.binary() | st.just(an_event().model_dump_json().encode()))
def test_any_headers_and_any_bytes_end_in_a_reason_or_an_event(given_headers: Any, value: bytes | None) -> None:
    item = decode(record(value, given_headers), TOPIC)
    assert isinstance(item, Invalid | Delivery)
    assert item.origin == Origin(TOPIC, 3, 14)


@given(json)
def test_any_json_ends_in_a_reason_that_quotes_nothing_of_it(value: Any) -> None:
    good = a_record()
    item = decode(record(orjson.dumps(value), good.headers), TOPIC)
    assert isinstance(item, Invalid)
    assert item.reason.startswith("payload: ")


@given(headers)
def test_what_others_add_beside_our_headers_does_not_matter(added: Any) -> None:
    good = a_record()
    foreign = [(name, value) for name, value in added if name not in (*NAMES, "ce_traceparent", "ce_causationid")]
    item = decode(record(good.value, [*foreign, *good.headers]), TOPIC)
    assert isinstance(item, Delivery)
    assert to_headers(item.envelope) == list(good.headers)


def test_a_field_that_a_newer_producer_added_is_no_fault() -> None:
    good = a_record()
    assert good.value
    item = decode(record(good.value[:-1] + b', "from_the_future": {"a": [1]}}', good.headers), TOPIC)
    assert isinstance(item, Delivery)
