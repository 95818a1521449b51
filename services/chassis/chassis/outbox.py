"""Step 4 of the write path: events are rows beside the state they announce, committed with it or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat as uuid
from flash_schemas.base import Event

from chassis import trace
from chassis.database import Transaction

MAX_PAYLOAD_BYTES = 900_000
"""Below the broker's and topics' 1 MiB limit, headers included: a refused record would block its partition."""

APPEND = """
INSERT INTO outbox (event_id, type, topic, aggregate_id, aggregate_version,
                    occurred_at, traceparent, causation_id, payload)
SELECT event_id, type, topic, aggregate_id, aggregate_version, $1, $2, $3, payload
FROM unnest($4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::bigint[], $9::bytea[])
     WITH ORDINALITY AS row (event_id, type, topic, aggregate_id, aggregate_version, payload, position)
ORDER BY position
"""
FORGET = "DELETE FROM outbox WHERE aggregate_id = $1 AND topic = $2 AND aggregate_version < $3"


class EventTooLarge(ValueError):
    """An event is larger than a Kafka record may be."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event and the version its aggregate has after the change."""

    event: Event
    version: int


async def append(transaction: Transaction, outgoing: Sequence[Outgoing]) -> None:
    """Add events in this order, inside the caller's transaction.

    The caller has locked each aggregate's row (by bumping its version) before: then the order of ids
    is the order of commits for that aggregate, which is what the relay publishes in.
    Raises EventTooLarge.
    """
    if not outgoing:
        return
    at, cause = datetime.now(UTC), trace.current()
    events = [item.event for item in outgoing]
    await transaction.execute(
        APPEND,
        at,
        cause.traceparent,
        cause.causation_id,
        [uuid.uuid7() for _ in events],
        [event.TYPE for event in events],
        [event.TOPIC for event in events],
        [event.aggregate_id for event in events],
        [item.version for item in outgoing],
        [_payload(event) for event in events],
    )


async def forget(transaction: Transaction, topic: str, aggregate_id: UUID, before_version: int) -> int:
    """Remove what was said of an aggregate before this version, published or not; how many events.

    Only for topics of whole states, where the newer one says everything. It reads the whole outbox: for rare use.
    """
    return int((await transaction.execute(FORGET, aggregate_id, topic, before_version)).split()[-1])


def _payload(event: Event) -> bytes:
    payload = event.model_dump_json().encode()
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise EventTooLarge(f"{event.TYPE} of {event.aggregate_id}: {len(payload)} bytes")
    return payload
