"""Events as a consumer's handler gets them, without Kafka."""

from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

from chassis.consumer import Delivery, Origin
from chassis.envelope import Envelope
from flash_schemas.base import Event

_offsets = count()


def delivery(event: Event, version: int, *, at: datetime | None = None) -> Delivery:
    """An event of this aggregate version at the next offset."""
    envelope = Envelope(uuid4(), event.TYPE, "/test", event.aggregate_id, at or datetime.now(UTC), version)
    return Delivery(envelope, event, Origin(event.TOPIC, 0, next(_offsets)))
