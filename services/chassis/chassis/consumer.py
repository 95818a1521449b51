"""Step 6 of the data's way: a batch of records is decoded and handed to a handler, inside one transaction.

A record has three ends: done, parked (dead-lettered with its raw bytes and the reason), or put back to try again.
The positions live in Postgres and move by compare-and-set in the handler's own transaction, so effects and positions
cannot part, and a process that lost its partition without knowing it writes nothing. Kafka's own offsets are only told
afterwards, for tools that show lag.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from flash_schemas.base import Event
from flash_schemas.registry import EVENTS
from pydantic import ValidationError

from chassis.database import Transaction
from chassis.envelope import Envelope, InvalidEnvelope, from_headers


class Poison(Exception):
    """This event can never be handled; the message says why and goes into the dead letter, so it quotes nobody."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record stands; `topic` without the installation's prefix."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One decoded event and where it came from."""

    envelope: Envelope
    event: Event
    origin: Origin


@dataclass(frozen=True, slots=True)
class Invalid:
    """A record that cannot become an event, and why."""

    reason: str
    origin: Origin


Handler = Callable[[Transaction, Sequence[Delivery]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named reader of some topics. `handle` gets each batch in a transaction, in order per partition.

    It must bear the same event again at another position (the relay sends at least once): guard by the envelope's
    aggregate_version or event_id. A failure of the moment is retried; any other error isolates the event that causes
    it, which is dead-lettered.
    """

    name: str
    topics: tuple[str, ...]
    handle: Handler


Item = Delivery | Invalid


def refusal(error: Exception) -> str:
    """Why a handler could not handle an event, as a dead letter says it: nothing that somebody wrote."""
    return f"refused: {error}" if isinstance(error, Poison) else f"handler failed: {type(error).__name__}"


def decode(record: Any, topic: str) -> Item:
    """Read one Kafka record of any quality; `topic` is its name without prefix. Never raises."""
    origin = Origin(topic, record.partition, record.offset)
    try:
        envelope = from_headers(record.headers)
        model = EVENTS.get(envelope.type)
        if model is None:
            return Invalid("unknown event type", origin)
        if topic != model.TOPIC:
            return Invalid("event type of another topic", origin)
        event = model.read(record.value or b"")
    except InvalidEnvelope as error:
        return Invalid(f"envelope: {error}", origin)
    except ValidationError as error:
        return Invalid(f"payload: {_places(error)}", origin)
    if event.aggregate_id != envelope.subject:
        return Invalid("the subject is not the payload's aggregate", origin)
    return Delivery(envelope, event, origin)


def _places(error: ValidationError) -> str:
    """Which fields are wrong and how, without what they say."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return ", ".join(f"{'.'.join(map(str, fault['loc']))} {fault['type']}".strip() for fault in faults[:5])


def next_offsets(items: Iterable[Item], prefix: str) -> dict[TopicPartition, int]:
    """The position after these items, per partition."""
    return {TopicPartition(prefix + i.origin.topic, i.origin.partition): i.origin.offset + 1 for i in items}
