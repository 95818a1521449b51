"""How far a consumer has read, as PostgreSQL has it: moved by compare-and-set in the transaction of the effect.

Whoever lost its partition without knowing it, or was moved by an operator, finds another number and writes nothing.
"""

from collections.abc import Mapping

from aiokafka import TopicPartition

from chassis.database import Transaction

LOAD_POSITION = "SELECT next_offset FROM consumer_offset WHERE consumer = $1 AND topic = $2 AND partition = $3"
LOAD_POSITIONS = "SELECT topic, partition, next_offset FROM consumer_offset WHERE consumer = $1"
SET_POSITION = """
INSERT INTO consumer_offset AS o (consumer, topic, partition, next_offset) VALUES ($1, $2, $3, $4)
ON CONFLICT (consumer, topic, partition) DO UPDATE SET next_offset = $4, moved_at = now() WHERE o.next_offset = $5
"""
MOVE_POSITION = """
UPDATE consumer_offset AS o SET next_offset = move.next_offset, moved_at = now()
FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[]) AS move (topic, partition, expected, next_offset)
WHERE o.consumer = $1 AND o.topic = move.topic AND o.partition = move.partition AND o.next_offset = move.expected
"""
REWIND = """
UPDATE consumer_offset AS o SET next_offset = back.next_offset, moved_at = now()
FROM unnest($2::text[], $3::int[], $4::bigint[]) AS back (topic, partition, next_offset)
WHERE o.consumer = $1 AND o.topic = back.topic AND o.partition = back.partition
"""


class PositionLost(Exception):
    """Another process moved this consumer's position: it owns the partition now."""


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

    def believe(self, moves: Mapping[TopicPartition, int]) -> None:
        """Take these next offsets for true: they were stored or read just now."""
        self._next.update(moves)

    async def move(self, transaction: Transaction, moves: Mapping[TopicPartition, int]) -> None:
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


async def stored_positions(transaction: Transaction, consumer: str) -> dict[TopicPartition, int]:
    """The next offset of every partition that this consumer ever read."""
    rows = await transaction.fetch(LOAD_POSITIONS, consumer)
    return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def rewind(transaction: Transaction, consumer: str, back: Mapping[TopicPartition, int]) -> None:
    """Have the consumer read again from these offsets; what it never read, it begins by itself."""
    places = sorted(back)
    columns = ([p.topic for p in places], [p.partition for p in places], [back[p] for p in places])
    await transaction.execute(REWIND, consumer, *columns)
