"""Our envelope against the CloudEvents SDK, both ways: what one writes on Kafka the other reads."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from chassis.envelope import Envelope, InvalidEnvelope, from_headers, to_headers
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from flash_schemas.registry import EVENTS
from hypothesis import given
from hypothesis import strategies as st

from tests.support.aggregates import a_record, an_event

zones = st.just(UTC) | st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=zones)  # noqa: DTZ001 - the zone follows
hexadecimal = st.text("0123456789abcdef", min_size=32, max_size=32)
envelopes = st.builds(
    Envelope,
    event_id=st.uuids(),
    type=st.sampled_from(sorted(EVENTS)),
    source=st.sampled_from(["/services/profile", "/services/session"]),
    subject=st.uuids(),
    time=times,
    aggregate_version=st.integers(1, 2**31 - 1),
    traceparent=st.none() | hexadecimal.map(lambda digits: f"00-{digits}-{digits[:16]}-01"),
    causation_id=st.none() | st.uuids().map(str),
)
PAYLOAD = {"skill_id": "0190a0a0-0000-7000-8000-000000000001"}


@given(envelopes)
def test_the_sdk_reads_what_we_write(envelope: Envelope) -> None:
    message = KafkaMessage(headers=dict(to_headers(envelope)), key=str(envelope.subject), value=b'{"a": 1}')
    event = from_binary(message, JSONFormat(), CloudEvent)
    assert event.get_specversion() == "1.0"
    assert event.get_datacontenttype() == "application/json"
    assert event.get_data() == {"a": 1}
    assert (event.get_id(), event.get_subject()) == (str(envelope.event_id), str(envelope.subject))
    assert (event.get_type(), event.get_source(), event.get_time()) == (envelope.type, envelope.source, envelope.time)
    assert event.get_extension("aggregateversion") == str(envelope.aggregate_version)
    assert event.get_extension("traceparent") == envelope.traceparent
    assert event.get_extension("causationid") == envelope.causation_id


def as_cloud_event(envelope: Envelope) -> CloudEvent:
    extensions: dict[str, Any] = {"traceparent": envelope.traceparent, "causationid": envelope.causation_id}
    return CloudEvent(
        {
            "id": str(envelope.event_id),
            "type": envelope.type,
            "source": envelope.source,
            "subject": str(envelope.subject),
            "time": envelope.time,
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "aggregateversion": str(envelope.aggregate_version),
            **{name: value for name, value in extensions.items() if value},
        },
        PAYLOAD,
    )


@given(envelopes)
def test_we_read_what_the_sdk_writes(envelope: Envelope) -> None:
    message = to_binary(as_cloud_event(envelope), JSONFormat())
    assert from_headers(list(message.headers.items())) == envelope


@given(envelopes)
def test_both_write_the_same_headers(envelope: Envelope) -> None:
    assert dict(to_headers(envelope)) == to_binary(as_cloud_event(envelope), JSONFormat()).headers


@given(envelopes)
def test_we_read_what_we_write(envelope: Envelope) -> None:
    assert from_headers(to_headers(envelope)) == envelope


REQUIRED = ["ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_aggregateversion"]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_attribute_is_named(name: str) -> None:
    headers = [header for header in a_record(an_event()).headers if header[0] != name]
    with pytest.raises(InvalidEnvelope, match=f"header {name} is missing"):
        from_headers(headers)


@pytest.mark.parametrize("value", [None, b"", b"\xff\xfe", b"Ada Lovelace", b"2026-11-24T10:00:00"])
@pytest.mark.parametrize("name", ["ce_id", "ce_subject", "ce_time", "ce_aggregateversion"])
def test_a_malformed_attribute_is_named_and_not_quoted(name: str, value: bytes | None) -> None:
    headers = [*a_record().headers, (name, value)]
    with pytest.raises(InvalidEnvelope) as refusal:
        from_headers(headers)
    assert str(refusal.value) == f"header {name} is malformed"
