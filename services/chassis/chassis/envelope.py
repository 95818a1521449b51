"""CloudEvents 1.0 on Kafka, binary mode: the attributes of an event as record headers, and back.

Written by hand because both ends sit on the hot path and reading must survive headers that are null or not text;
a contract test holds it against the CloudEvents SDK.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")
Headers = Sequence[tuple[str, bytes | None]]


class InvalidEnvelope(Exception):
    """The record is not a CloudEvent of ours; the message says which attribute is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The attributes of one event; `time` is when the fact happened, `aggregate_version` rises per aggregate."""

    event_id: UUID
    type: str
    source: str
    subject: UUID
    time: datetime
    aggregate_version: int
    traceparent: str | None = None
    causation_id: str | None = None


def to_headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The record headers of an envelope."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(envelope.event_id).encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_subject", str(envelope.subject).encode()),
        ("ce_time", envelope.time.isoformat().replace("+00:00", "Z").encode()),
        ("ce_aggregateversion", b"%d" % envelope.aggregate_version),
        ("content-type", b"application/json"),
    ]
    if envelope.traceparent:
        headers.append(("ce_traceparent", envelope.traceparent.encode()))
    if envelope.causation_id:
        headers.append(("ce_causationid", envelope.causation_id.encode()))
    return headers


def from_headers(headers: Headers) -> Envelope:
    """Read an envelope from record headers of any quality. Raises InvalidEnvelope."""
    texts = {name: (value or b"").decode(errors="replace") for name, value in headers}
    return Envelope(
        event_id=_read(texts, "ce_id", UUID),
        type=_read(texts, "ce_type", str),
        source=_read(texts, "ce_source", str),
        subject=_read(texts, "ce_subject", UUID),
        time=_read(texts, "ce_time", _time),
        aggregate_version=_read(texts, "ce_aggregateversion", int),
        traceparent=texts.get("ce_traceparent") or None,
        causation_id=texts.get("ce_causationid") or None,
    )


def _read(texts: dict[str, str], name: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(texts[name])
    except KeyError:
        raise InvalidEnvelope(f"header {name} is missing") from None
    except ValueError:
        raise InvalidEnvelope(f"header {name} is malformed") from None


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("without time zone")
    return time
