"""Beside the data's way: aggregate versions in topics against those in a projection, bucket by bucket.

Compared is only what stands before the consumer's stored positions, which are read first: that had its effect already,
in the same transaction as the position, so whatever the projection lacks of it is lost. What comes later is lag. A
repair hands the newest record to the consumer's own handler again, which ignores what it has.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import TypeVar
from uuid import UUID

from chassis import logs
from chassis.consumer import Consumer, Delivery
from chassis.database import Database, Transaction, is_transient
from chassis.positions import stored_positions
from chassis.reconciliation import Finding
from chassis.settings import Settings
from chassis.topic_reader import Offsets, read_topics

log = logs.get(__name__)

T = TypeVar("T")

# The last byte of an id is random, whether it is made by chance or by time.
CHECKSUMS = """
SELECT get_byte(uuid_send({key}), 15) AS bucket, count(*) AS count,
    bit_xor(('x' || left(md5({key} || ':' || {version}), 16))::bit(64)::bigint) AS hash
FROM {table} WHERE {condition} GROUP BY 1
"""
WITHIN = """
SELECT {key} AS id, {version} AS version FROM {table}
WHERE {condition} AND get_byte(uuid_send({key}), 15) = ANY ($1::int[])
"""
OF_THESE = """
SELECT {key} AS id, {version} AS version FROM {table} WHERE {condition} AND {key} = ANY ($1::uuid[])
"""
# Locked in one order for everybody.
OUTRANK = """
WITH behind AS (
    SELECT {key}, published FROM {table} JOIN unnest($1::uuid[], $2::bigint[]) AS p ({key}, published) USING ({key})
    WHERE {version} <= published ORDER BY {key} FOR UPDATE OF {table}
)
UPDATE {table} SET {version} = published + 1 FROM behind
WHERE {table}.{key} = behind.{key} RETURNING {table}.{key} AS id
"""

Repair = Callable[[Collection[UUID]], Awaitable[None]]
Checksums = dict[int, tuple[int, int]]
"""How many, and an order-independent hash of (id, version), by bucket."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Where a projection keeps the version of each aggregate: names of its own schema, nobody's input."""

    table: str
    key: str
    version: str
    condition: str = "true"

    async def checksums(self, transaction: Transaction) -> Checksums:
        """Of all rows."""
        return {row["bucket"]: (row["count"], row["hash"]) for row in await transaction.fetch(self._sql(CHECKSUMS))}

    async def within(self, transaction: Transaction, buckets: Collection[int]) -> dict[UUID, int]:
        """The versions of the aggregates in these buckets."""
        return {row["id"]: row["version"] for row in await transaction.fetch(self._sql(WITHIN), list(buckets))}

    async def of(self, transaction: Transaction, ids: Collection[UUID]) -> dict[UUID, int]:
        """The versions of these aggregates, of those that there are."""
        return {row["id"]: row["version"] for row in await transaction.fetch(self._sql(OF_THESE), list(ids))}

    async def outrank(self, transaction: Transaction, published: Mapping[UUID, int]) -> list[UUID]:
        """Give each that is not above its published version the one after that; those that got it, locked."""
        rows = await transaction.fetch(self._sql(OUTRANK), list(published), list(published.values()))
        return sorted(row["id"] for row in rows)

    def _sql(self, query: str) -> str:
        return query.format(table=self.table, key=self.key, version=self.version, condition=self.condition)


async def plainly(_lost: Collection[UUID]) -> None:
    """Repair with nothing to prepare."""


def chunks(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """The items in order, at most so many at a time."""
    return (items[start : start + most] for start in range(0, len(items), most))


def bucket_of(aggregate_id: UUID) -> int:
    """One of 256."""
    return aggregate_id.int & 0xFF


def checksums(versions: Iterable[tuple[UUID, int]], sums: Checksums | None = None) -> Checksums:
    """The same as the database makes of the same versions; added to `sums`, if given."""
    sums = {} if sums is None else sums
    for aggregate_id, version in versions:
        bucket = bucket_of(aggregate_id)
        count, known = sums.get(bucket, (0, 0))
        digest = md5(f"{aggregate_id}:{version}".encode(), usedforsecurity=False).digest()
        sums[bucket] = count + 1, known ^ int.from_bytes(digest[:8], "big", signed=True)
    return sums


def differing_buckets(one: Checksums, other: Checksums) -> set[int]:
    """The buckets that do not hold the same."""
    return {bucket for bucket in one.keys() | other.keys() if one.get(bucket) != other.get(bucket)}


async def reconcile_versions(
    database: Database, settings: Settings, consumer: Consumer, kept: Versions, name: str, *, repair: Repair | None
) -> Finding:
    """Compare the newest version of each aggregate in a consumer's topics with the kept one, and repair.

    `repair` is told what is about to be handed to the consumer again; without it nothing is.
    """
    before = await positions(database, consumer.name)
    newest = await _newest(settings, consumer.topics, before)
    lost, only_here = await _lost(database, kept, newest)
    if not lost or repair is None:
        return Finding(name, len(newest), len(lost), 0, only_here)
    await repair(lost)
    await handle_again(database, settings, consumer, before, lambda item: lost.get(_id(item)) == _version(item))
    remaining, only_here = await _lost(database, kept, newest)
    return Finding(name, len(newest), len(lost), len(lost) - len(remaining), only_here)


async def positions(database: Database, consumer: str) -> Offsets:
    """The stored next offsets of a consumer."""
    async with database.connection() as connection:
        return await stored_positions(connection, consumer)


async def handle_again(
    database: Database, settings: Settings, consumer: Consumer, before: Offsets, wanted: Callable[[Delivery], bool]
) -> None:
    """Hand the wanted records to the consumer's handler, a batch and a transaction at a time."""
    async for items in read_topics(settings, consumer.topics, before):
        if deliveries := [item for item in items if isinstance(item, Delivery) and wanted(item)]:
            await _handle(database, consumer, deliveries)


async def _handle(database: Database, consumer: Consumer, deliveries: Sequence[Delivery]) -> None:
    """As live consuming does it, but what the handler refuses is left out: it lies in the dead letters already."""
    try:
        async with database.transaction() as transaction:
            await consumer.handle(transaction, deliveries)
    except Exception as error:
        if is_transient(error):
            raise
        if len(deliveries) == 1:
            log.exception("event_not_handled", consumer=consumer.name, event_id=deliveries[0].envelope.event_id)
            return
        middle = len(deliveries) // 2
        await _handle(database, consumer, deliveries[:middle])
        await _handle(database, consumer, deliveries[middle:])


async def _newest(settings: Settings, topics: Sequence[str], before: Offsets) -> dict[UUID, int]:
    newest: dict[UUID, int] = defaultdict(int)
    async for items in read_topics(settings, topics, before):
        for item in items:
            if isinstance(item, Delivery):
                newest[_id(item)] = max(newest[_id(item)], _version(item))
    return dict(newest)


async def _lost(database: Database, kept: Versions, newest: Mapping[UUID, int]) -> tuple[dict[UUID, int], int]:
    """What the projection lacks or has older, with the version it should have; how many it has beside the source."""
    async with database.connection() as connection:
        buckets = differing_buckets(checksums(newest.items()), await kept.checksums(connection))
        known = await kept.within(connection, buckets) if buckets else {}
    expected = {key: version for key, version in newest.items() if bucket_of(key) in buckets}
    lost = {key: version for key, version in expected.items() if known.get(key, 0) < version}
    return lost, len(known.keys() - expected.keys())


def _id(delivery: Delivery) -> UUID:
    return delivery.event.aggregate_id


def _version(delivery: Delivery) -> int:
    return delivery.envelope.aggregate_version
