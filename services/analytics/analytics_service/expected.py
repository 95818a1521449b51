"""Beside step 7 of the data's way: the statements that keep what the topics tell, and compare it with what is known.

Expected facts are merged by the very statements that merge the known ones, into tables of their own. The tables are
there once, so one reconciliation at a time uses them.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.comparison import Checksums
from chassis.database import Database, Transaction

from analytics_service.facts import Fact, Message, Pair, Search, Session, Survey
from analytics_service.store import KEEP, KEEP_PLACES, LONGEST_S, UNBOUNDED

RECONCILE_LOCK = 7_100_003
WAIT_FOR_EVER = "SET lock_timeout = 0; SET statement_timeout = 0"

# The last byte of an id is random, whether it is made by chance or by time.
CHECKSUMS = """
SELECT get_byte(uuid_send({bucketed}), 15) AS bucket, count(*) AS count,
    bit_xor(hash_record_extended({hashed}, 0)) AS hash
FROM {table} AS t GROUP BY 1
"""
DIFFERING = """
SELECT e AS expected, k AS known FROM expected_{table} AS e LEFT JOIN {table} AS k USING ({key})
WHERE get_byte(uuid_send(e.{bucketed}), 15) = ANY ($1::int[]) AND (k.{bucketed} IS NULL OR e::text <> k::text)
"""
ONLY_HERE = """
SELECT count(*) FROM {table} AS k LEFT JOIN expected_{table} AS e USING ({key})
WHERE get_byte(uuid_send(k.{bucketed}), 15) = ANY ($1::int[]) AND e.{bucketed} IS NULL
"""
EXPECT_PLACES = KEEP_PLACES.replace("person_unit", "expected_person_unit")
CLEAR = """
TRUNCATE expected_session_fact, expected_survey_fact, expected_pair_fact, expected_message_fact, expected_search_fact,
    expected_person_unit
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A table of what is known, and the one beside it; `bucketed` is the id that decides the bucket."""

    table: str
    key: str
    bucketed: str
    hashed: str = "t"

    def sql(self, query: str, table: str = "") -> str:
        """A statement about this table."""
        return query.format(table=table or self.table, key=self.key, bucketed=self.bucketed, hashed=self.hashed)


FACTS: Mapping[type[Any], Kept] = {
    Session: Kept("session_fact", "session_id", "session_id"),
    Survey: Kept("survey_fact", "session_id, side", "session_id"),
    Pair: Kept("pair_fact", "program_id, person_a, person_b", "person_a"),
    Message: Kept("message_fact", "message_id", "message_id"),
    Search: Kept("search_fact", "search_id", "search_id"),
}
PLACES = Kept("person_unit", "person_id, version", "person_id", "ROW(t.person_id, t.version)")
"""A place is known or not: the same version may have been said again later."""

EXPECT: Mapping[type[Any], str] = {
    kind: KEEP[kind].replace(kept.table, f"expected_{kept.table}") for kind, kept in FACTS.items()
}


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[None]:
    """The expected tables, empty, for nobody else; whoever has them is waited for."""
    connection = await database.dedicated()
    try:
        await connection.execute(WAIT_FOR_EVER)
        await connection.execute("SELECT pg_advisory_lock($1)", RECONCILE_LOCK, timeout=LONGEST_S)
        await connection.execute(CLEAR, timeout=LONGEST_S)
        yield
        await connection.execute(CLEAR, timeout=LONGEST_S)
    finally:
        await connection.close()


async def expect(transaction: Transaction, kind: type[Any], facts: Sequence[Fact]) -> None:
    """Merge facts, one a key, into those that are expected."""
    if facts:
        await transaction.execute(EXPECT[kind], facts)


async def expect_places(transaction: Transaction, rows: Sequence[tuple[UUID, int, datetime, UUID]]) -> None:
    """Expect people to have stood there: person_id, version, valid_from, unit_id."""
    if rows:
        await transaction.execute(EXPECT_PLACES, *zip(*rows, strict=True))


async def checksums(transaction: Transaction, kept: Kept) -> tuple[Checksums, Checksums]:
    """Of what is expected and of what is known."""
    await transaction.execute(UNBOUNDED)
    expected = await transaction.fetch(kept.sql(CHECKSUMS, f"expected_{kept.table}"), timeout=LONGEST_S)
    return _by_bucket(expected), _by_bucket(await transaction.fetch(kept.sql(CHECKSUMS), timeout=LONGEST_S))


async def differing(transaction: Transaction, kept: Kept, buckets: Collection[int]) -> list[tuple[Any, Any]]:
    """Rows of these buckets that are expected and not, or not so, known (None: not)."""
    await transaction.execute(UNBOUNDED)
    rows = await transaction.fetch(kept.sql(DIFFERING), list(buckets), timeout=LONGEST_S)
    return [(row["expected"], row["known"]) for row in rows]


async def only_here(transaction: Transaction, kept: Kept, buckets: Collection[int]) -> int:
    """How many rows of these buckets are known and not expected."""
    await transaction.execute(UNBOUNDED)
    count: int = await transaction.fetchval(kept.sql(ONLY_HERE), list(buckets), timeout=LONGEST_S)
    return count


def _by_bucket(rows: Sequence[Any]) -> Checksums:
    return {row["bucket"]: (row["count"], row["hash"]) for row in rows}
