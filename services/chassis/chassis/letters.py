"""What became of poison: each parked record with its reason, and how it ended, if an operator has ended it.

The letters are read from the dead-letter topics, which nobody changes; PostgreSQL has their ends.
"""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from aiokafka.errors import KafkaError
from flash_schemas.topics import DEAD_LETTER_RETENTION_DAYS, load_topics

from chassis import logs, metrics
from chassis.consumer import Consumer, Item, Origin, decode
from chassis.database import Database, Transaction
from chassis.kafka import ping
from chassis.settings import Settings
from chassis.topic_reader import read_records

log = logs.get(__name__)

COUNT_TIMEOUT_S = 8
"""Shorter than a round of a worker may take, and than a stop."""

Outcome = Literal["replayed", "dropped"]

ENDS = "SELECT * FROM dead_letter_end"
END = """
INSERT INTO dead_letter_end AS known (consumer, topic, partition, record_offset, outcome, parked_at, ended_by, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (consumer, topic, partition, record_offset) DO UPDATE SET outcome = EXCLUDED.outcome,
    parked_at = EXCLUDED.parked_at, ended_at = now(), ended_by = EXCLUDED.ended_by, reason = EXCLUDED.reason
WHERE known.parked_at < EXCLUDED.parked_at OR known.outcome = 'dropped' AND EXCLUDED.outcome = 'replayed'
"""
# Twice the retention of the topics that hold the letters: what ended is never looked up after its letter is gone.
FORGET_ENDS = "DELETE FROM dead_letter_end WHERE ended_at < now() - make_interval(days => $1)"


@dataclass(frozen=True, slots=True)
class End:
    """How a letter ended, when, and who did it; of a dropped one, why."""

    outcome: Outcome
    parked_at: datetime
    ended_at: datetime
    ended_by: str
    reason: str | None

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{self.outcome} {self.ended_at:%Y-%m-%d %H:%M:%S} by {self.ended_by}{why}"


@dataclass(frozen=True, slots=True)
class Letter:
    """One parked record, as it came: `record` has its own place, key, value and headers again."""

    id: str
    consumer: str
    origin: Origin
    parked_at: datetime
    reason: str
    record: Any
    end: End | None = None

    @property
    def key(self) -> str:
        """The record's key, as far as it is text."""
        return (self.record.key or b"").decode(errors="replace")

    @property
    def type(self) -> str:
        """What the record says it is."""
        types = [value for name, value in self.record.headers if name == "ce_type"]
        return (types[-1] or b"").decode(errors="replace") if types else ""

    @property
    def restricted(self) -> bool:
        """Whether nobody may see what it says, nor of whom."""
        return any(topic.restricted for topic in load_topics() if topic.name == self.origin.topic)

    def decoded(self) -> Item:
        """What this release makes of it."""
        return decode(self.record, self.origin.topic)


Letters = dict[str, Letter]


async def read_letters(service: str, settings: Settings, database: Database, consumers: Sequence[Consumer]) -> Letters:
    """Every letter of this service's consumers that its topic still has, in order of origin. Raises KafkaError."""
    parked_in = {topic.name: topic.dead_letter for topic in load_topics()}
    topics = sorted({parked_in[topic] for consumer in consumers for topic in consumer.topics})
    letters: Letters = {}
    async for records in read_records(settings, topics):
        found = (_letter(record, service, settings.topic_prefix, consumers) for record in records)
        # Parked twice is one letter, the later one.
        letters.update((letter.id, letter) for letter in found if letter and not _later(letters.get(letter.id), letter))
    async with database.connection() as connection:
        ends = await _ends(connection)
    ended = (dataclasses.replace(each, end=_end_of(each, ends)) for each in letters.values())
    return {letter.id: letter for letter in sorted(ended, key=_place)}


async def show_waiting(service: str, settings: Settings, database: Database, consumers: Sequence[Consumer]) -> bool:
    """Count the letters that wait, for the metrics. While an engine is away the last count stays; False.

    Kafka is asked first whether it is there, which it says at once or not at all: a stop does not wait for it.
    """
    try:
        async with asyncio.timeout(COUNT_TIMEOUT_S):
            await ping(settings)
            letters = await read_letters(service, settings, database, consumers)
    except (KafkaError, OSError) as error:  # TimeoutError is an OSError
        log.warning("letters_not_counted", error=repr(error))
        return False
    waiting = Counter((letter.consumer, letter.origin.topic) for letter in letters.values() if letter.end is None)
    for place in [(consumer.name, topic) for consumer in consumers for topic in consumer.topics]:
        metrics.DEAD_LETTERS_WAITING.labels(service, *place).set(waiting[place])
    return False


async def end(
    transaction: Transaction, letter: Letter, outcome: Outcome, ended_by: str, reason: str | None = None
) -> bool:
    """Mark how a letter ends; False when it has ended already. One that was dropped may still be replayed."""
    place = (letter.consumer, letter.origin.topic, letter.origin.partition, letter.origin.offset)
    return await transaction.execute(END, *place, outcome, letter.parked_at, ended_by, reason) == "INSERT 0 1"


def _letter(record: Any, service: str, prefix: str, consumers: Sequence[Consumer]) -> Letter | None:
    """The letter, if the record is one and this service's; older ones do not name the service."""
    said = {name: (value or b"").decode(errors="replace") for name, value in record.headers if name.startswith("dlq_")}
    try:
        origin = Origin(said["dlq_topic"], int(said["dlq_partition"]), int(said["dlq_offset"]))
        parked_at, named = datetime.fromisoformat(said["dlq_time"]).astimezone(UTC), said["dlq_consumer"]
    except (KeyError, ValueError):
        return None  # nothing that the chassis parked
    for consumer in consumers:
        if origin.topic in consumer.topics and named in (consumer.name, f"{service}.{consumer.name}"):
            letter_id = f"{origin.topic}/{origin.partition}/{origin.offset}@{service}.{consumer.name}"
            original = _as_it_came(record, prefix, origin)
            return Letter(letter_id, consumer.name, origin, parked_at, said.get("dlq_reason", ""), original)
    return None


def _as_it_came(record: Any, prefix: str, origin: Origin) -> Any:
    headers = tuple((name, value) for name, value in record.headers if not name.startswith("dlq_"))
    place = {"topic": prefix + origin.topic, "partition": origin.partition, "offset": origin.offset}
    return dataclasses.replace(record, headers=headers, **place)


def _later(known: Letter | None, letter: Letter) -> bool:
    return known is not None and known.parked_at > letter.parked_at


async def _ends(transaction: Transaction) -> Mapping[tuple[str, Origin], End]:
    fields = [field.name for field in dataclasses.fields(End)]
    return {
        (row["consumer"], Origin(row["topic"], row["partition"], row["record_offset"])): End(*(row[f] for f in fields))
        for row in await transaction.fetch(ENDS)
    }


def _end_of(letter: Letter, ends: Mapping[tuple[str, Origin], End]) -> End | None:
    """Its end, unless it was parked again since."""
    known = ends.get((letter.consumer, letter.origin))
    return known if known and known.parked_at >= letter.parked_at else None


def _place(letter: Letter) -> tuple[Any, ...]:
    return letter.origin.topic, letter.origin.partition, letter.origin.offset, letter.consumer


async def forget_ends(transaction: Transaction) -> None:
    """Drop what is known of letters that are gone from their topics."""
    await transaction.execute(FORGET_ENDS, 2 * DEAD_LETTER_RETENTION_DAYS)
