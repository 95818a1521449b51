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


class PositionLost(Exception):
    """Another process moved this consumer's position: it owns the partition now."""


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

LOAD_POSITION = "SELECT next_offset FROM consumer_offset WHERE consumer = $1 AND topic = $2 AND partition = $3"
SET_POSITION = """
INSERT INTO consumer_offset AS o (consumer, topic, partition, next_offset) VALUES ($1, $2, $3, $4)
ON CONFLICT (consumer, topic, partition) DO UPDATE SET next_offset = $4, moved_at = now() WHERE o.next_offset = $5
"""
MOVE_POSITION = """
UPDATE consumer_offset AS o SET next_offset = move.next_offset, moved_at = now()
FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[]) AS move (topic, partition, expected, next_offset)
WHERE o.consumer = $1 AND o.topic = move.topic AND o.partition = move.partition AND o.next_offset = move.expected
"""


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


class Positions:
    """The next offset of each assigned partition, as this process believes it to be."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._next: dict[TopicPartition, int] = {}

    def forget(self) -> None:
        """Believe nothing: after a rebalance or a lost compare-and-set, positions are loaded again."""
        self._next.clear()

    def of(self, partition: TopicPartition) -> int | None:
        """The believed next offset, None when it must be loaded."""
        return self._next.get(partition)

    async def load(self, transaction: Transaction, partition: TopicPartition) -> int | None:
        """The stored next offset, None when this consumer never read the partition."""
        stored: int | None = await transaction.fetchval(LOAD_POSITION, self._consumer, *partition)
        return stored

    async def reset(
        self, transaction: Transaction, partition: TopicPartition, offset: int, *, stored: int | None
    ) -> None:
        """Store a first or corrected position. Raises PositionLost when it is no longer what was loaded, `stored`."""
        if await transaction.execute(SET_POSITION, self._consumer, *partition, offset, stored) != "INSERT 0 1":
            raise PositionLost

    def believe(self, moves: dict[TopicPartition, int]) -> None:
        """Take these next offsets for true: they were stored or read just now."""
        self._next.update(moves)

    async def move(self, transaction: Transaction, moves: dict[TopicPartition, int]) -> None:
        """Move stored positions from what is believed to `moves`. Raises PositionLost when another did meanwhile,
        or may have: after a rebalance nothing is believed.
        """
        places = sorted(moves)
        if None in (self.of(place) for place in places):
            raise PositionLost
        status = await transaction.execute(
            MOVE_POSITION,
            self._consumer,
            [place.topic for place in places],
            [place.partition for place in places],
            [self._next[place] for place in places],
            [moves[place] for place in places],
        )
        if status != f"UPDATE {len(places)}":
            raise PositionLost


def next_offsets(items: Iterable[Item], prefix: str) -> dict[TopicPartition, int]:
    """The position after these items, per partition."""
    return {TopicPartition(prefix + i.origin.topic, i.origin.partition): i.origin.offset + 1 for i in items}
