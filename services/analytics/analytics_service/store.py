"""Step 7 of the data's way, written down: the statements that keep facts and rollups; `reads.py` has the reports'."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from chassis.database import Transaction

from analytics_service.facts import Fact, Message, Pair, Search, Session, Survey

KEEP_SESSIONS = """
INSERT INTO session_fact AS known SELECT * FROM jsonb_populate_recordset(NULL::session_fact, $1) ORDER BY session_id
ON CONFLICT (session_id) DO UPDATE SET
    requested_at = LEAST(known.requested_at, EXCLUDED.requested_at),
    accepted_at = LEAST(known.accepted_at, EXCLUDED.accepted_at),
    declined_at = LEAST(known.declined_at, EXCLUDED.declined_at),
    expired_at = LEAST(known.expired_at, EXCLUDED.expired_at),
    withdrawn_at = LEAST(known.withdrawn_at, EXCLUDED.withdrawn_at),
    schedule_version = GREATEST(known.schedule_version, EXCLUDED.schedule_version),
    starts_at = CASE WHEN EXCLUDED.schedule_version > known.schedule_version THEN EXCLUDED.starts_at
        ELSE known.starts_at END,
    cancelled_at = LEAST(known.cancelled_at, EXCLUDED.cancelled_at),
    held_on = LEAST(known.held_on, EXCLUDED.held_on),
    not_held_at = LEAST(known.not_held_at, EXCLUDED.not_held_at),
    learner_message_at = LEAST(known.learner_message_at, EXCLUDED.learner_message_at),
    mentor_message_at = LEAST(known.mentor_message_at, EXCLUDED.mentor_message_at),
    solved_at = LEAST(known.solved_at, EXCLUDED.solved_at),
    followed_up_at = LEAST(known.followed_up_at, EXCLUDED.followed_up_at),
    used = LEAST(known.used, EXCLUDED.used),
    countered_at = LEAST(known.countered_at, EXCLUDED.countered_at)
RETURNING old AS before, new AS after
"""
KEEP_SURVEYS = """
INSERT INTO survey_fact AS known SELECT * FROM jsonb_populate_recordset(NULL::survey_fact, $1)
ORDER BY session_id, side
ON CONFLICT (session_id, side) DO UPDATE SET
    sent_at = LEAST(known.sent_at, EXCLUDED.sent_at),
    answered_at = LEAST(known.answered_at, EXCLUDED.answered_at),
    rating = LEAST(known.rating, EXCLUDED.rating)
RETURNING old AS before, new AS after
"""
KEEP_PAIRS = """
INSERT INTO pair_fact AS known SELECT * FROM jsonb_populate_recordset(NULL::pair_fact, $1)
ORDER BY program_id, person_a, person_b
ON CONFLICT (program_id, person_a, person_b) DO UPDATE SET
    first_held_on = LEAST(known.first_held_on, EXCLUDED.first_held_on),
    related_at = LEAST(known.related_at, EXCLUDED.related_at)
RETURNING old AS before, new AS after
"""
KEEP_MESSAGES = """
INSERT INTO message_fact SELECT * FROM jsonb_populate_recordset(NULL::message_fact, $1) ORDER BY message_id
ON CONFLICT (message_id) DO NOTHING RETURNING *
"""
KEEP_SEARCHES = """
INSERT INTO search_fact SELECT * FROM jsonb_populate_recordset(NULL::search_fact, $1) ORDER BY search_id
ON CONFLICT (search_id) DO NOTHING RETURNING *
"""
ADD_COUNTS = """
INSERT INTO rollup_count AS known SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::int[], $5::bigint[])
ON CONFLICT (program_id, measure, day, value) DO UPDATE SET amount = known.amount + EXCLUDED.amount
"""
ADD_PEOPLE = """
INSERT INTO rollup_person AS known SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::uuid[], $5::bigint[])
ON CONFLICT (program_id, measure, day, person_id) DO UPDATE SET amount = known.amount + EXCLUDED.amount
"""
KEEP_PROGRAMS = """
INSERT INTO program SELECT * FROM jsonb_populate_recordset(NULL::program, $1) ORDER BY program_id
ON CONFLICT (program_id) DO UPDATE SET version = EXCLUDED.version, name = EXCLUDED.name, owners = EXCLUDED.owners,
    starts_on = EXCLUDED.starts_on, objectives = EXCLUDED.objectives
WHERE program.version < EXCLUDED.version
"""
# Nothing more of somebody who is forgotten.
KEEP_PLACES = """
INSERT INTO person_unit SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::uuid[])
    AS place (person_id, version, valid_from, unit_id)
WHERE NOT EXISTS (SELECT FROM erasure AS e WHERE e.person_id = place.person_id)
ON CONFLICT (person_id, version) DO NOTHING
"""
KEEP_UNITS = """
INSERT INTO unit SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
ON CONFLICT (unit_id) DO UPDATE SET name = EXCLUDED.name, named_at = EXCLUDED.named_at
WHERE unit.named_at < EXCLUDED.named_at
"""
NOTE_PROGRESS = """
INSERT INTO progress AS known
SELECT topic, newest_at, 1 FROM unnest($1::text[], $2::timestamptz[]) AS t (topic, newest_at)
ON CONFLICT (topic) DO UPDATE SET newest_at = GREATEST(known.newest_at, EXCLUDED.newest_at),
    batches = known.batches + 1
"""
STOP_ROLLING_UP = "LOCK TABLE rollup_count, rollup_person IN SHARE ROW EXCLUSIVE MODE"
UNBOUNDED = "SET LOCAL statement_timeout = 0"
LONGEST_S = 86_400
"""How long a statement about everything may take: to asyncpg none given means the pool's, made for a moment's work."""
# Of the facts, too: rollups may lack a program.
COUNTED_PROGRAMS = """
SELECT program_id FROM rollup_count UNION SELECT program_id FROM rollup_person UNION
SELECT program_id FROM session_fact UNION SELECT program_id FROM survey_fact UNION
SELECT program_id FROM pair_fact UNION SELECT program_id FROM message_fact UNION
SELECT program_id FROM search_fact ORDER BY 1
"""
CLEAR_FRESH = "TRUNCATE fresh_count, fresh_person"
COMPARE = """
SELECT 'cases' AS rollup, measure, coalesce(sum(k.amount), 0)::bigint AS kept,
    coalesce(sum(f.amount), 0)::bigint AS recomputed,
    count(*) FILTER (WHERE k.amount IS DISTINCT FROM f.amount) AS differing
FROM (SELECT * FROM rollup_count WHERE amount <> 0 AND ($1::uuid IS NULL OR program_id = $1)) AS k
FULL JOIN fresh_count AS f USING (program_id, measure, day, value) GROUP BY measure
UNION ALL
SELECT 'people', measure, coalesce(sum(k.amount), 0)::bigint, coalesce(sum(f.amount), 0)::bigint,
    count(*) FILTER (WHERE k.amount IS DISTINCT FROM f.amount)
FROM (SELECT * FROM rollup_person WHERE amount <> 0 AND ($1::uuid IS NULL OR program_id = $1)) AS k
FULL JOIN fresh_person AS f USING (program_id, measure, day, person_id) GROUP BY measure
ORDER BY 1, 2
"""
# In the order in which consumers write, so that neither waits for the other for ever.
STOP_CONSUMING = """
LOCK TABLE session_fact, survey_fact, pair_fact, message_fact, search_fact, rollup_count, rollup_person, program,
    person_unit, unit, progress, consumer_offset IN SHARE ROW EXCLUSIVE MODE
"""
SET_ASIDE = (
    CLEAR_FRESH,
    "INSERT INTO fresh_count SELECT * FROM rollup_count WHERE amount <> 0",
    "INSERT INTO fresh_person SELECT * FROM rollup_person WHERE amount <> 0",
)
# Whoever holds an older report must not be told that it is still the newest: batches never go back.
EMPTY = (
    *(
        f"DELETE FROM {table}"  # noqa: S608 - tables of our own
        for table in ("session_fact", "survey_fact", "pair_fact", "message_fact", "search_fact")
    ),
    "DELETE FROM rollup_count",
    "DELETE FROM rollup_person",
    "DELETE FROM program",
    "UPDATE progress SET batches = batches + 1",
)
TAKE_FRESH = (
    ("DELETE FROM rollup_count WHERE program_id = $1", "INSERT INTO rollup_count SELECT * FROM fresh_count"),
    ("DELETE FROM rollup_person WHERE program_id = $1", "INSERT INTO rollup_person SELECT * FROM fresh_person"),
)

KeptT = TypeVar("KeptT", Session, Survey, Pair)
AddedT = TypeVar("AddedT", Message, Search)
FactT = TypeVar("FactT", bound=Fact)
KEEP: Mapping[type, str] = {
    Session: KEEP_SESSIONS,
    Survey: KEEP_SURVEYS,
    Pair: KEEP_PAIRS,
    Message: KEEP_MESSAGES,
    Search: KEEP_SEARCHES,
}
READ_ALL: Mapping[type[Any], str] = {
    Session: "SELECT * FROM session_fact WHERE program_id = $1",
    Survey: "SELECT * FROM survey_fact WHERE program_id = $1",
    Pair: "SELECT * FROM pair_fact WHERE program_id = $1",
    Message: "SELECT * FROM message_fact WHERE program_id = $1",
    Search: "SELECT * FROM search_fact WHERE program_id = $1",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure of one rollup: the sums before and after recomputing, and how many rows differ."""

    rollup: str
    measure: str
    kept: int
    recomputed: int
    differing: int

    def __add__(self, other: "Compared") -> "Compared":
        """Both together, of one measure."""
        return replace(
            self,
            kept=self.kept + other.kept,
            recomputed=self.recomputed + other.recomputed,
            differing=self.differing + other.differing,
        )


async def merge(
    transaction: Transaction, kind: type[KeptT], facts: Sequence[KeptT]
) -> list[tuple[KeptT | None, KeptT]]:
    """Add what these facts know to what is known, one row per key; each as it was (None: unknown) and as it is."""
    rows = await transaction.fetch(KEEP[kind], facts) if facts else []
    return [(fact_of(kind, row["before"]) if row["before"] else None, fact_of(kind, row["after"])) for row in rows]


async def insert(transaction: Transaction, kind: type[AddedT], facts: Sequence[AddedT]) -> list[AddedT]:
    """Keep facts that happen once; those that were not known yet."""
    rows = await transaction.fetch(KEEP[kind], facts) if facts else []
    return [fact_of(kind, row) for row in rows]


def fact_of(kind: type[FactT], row: Any) -> FactT:
    """A row as a fact, without what a newer release has migrated already: its columns come after those known here."""
    known: Any = kind
    return kind(*row[: len(fields(known))])


async def add_counts(transaction: Transaction, rows: Sequence[tuple[UUID, str, date, int, int]]) -> None:
    """Add amounts to the counts, in the order given."""
    if rows:
        await transaction.execute(ADD_COUNTS, *zip(*rows, strict=True))


async def add_people(transaction: Transaction, rows: Sequence[tuple[UUID, str, date, UUID, int]]) -> None:
    """Add amounts to the people's parts, in the order given."""
    if rows:
        await transaction.execute(ADD_PEOPLE, *zip(*rows, strict=True))


async def keep_programs(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Take newer programs, one row each: program_id, version, name, owners, starts_on, objectives."""
    await transaction.execute(KEEP_PROGRAMS, rows)


async def keep_places(transaction: Transaction, rows: Sequence[tuple[UUID, int, datetime, UUID]]) -> None:
    """Note where people stood from a profile version on: person_id, version, valid_from, unit_id."""
    await transaction.execute(KEEP_PLACES, *zip(*rows, strict=True))


async def keep_units(transaction: Transaction, names: Mapping[UUID, tuple[str, datetime]]) -> None:
    """Take newer unit names, each with when it was said."""
    rows = [(unit_id, name, at) for unit_id, (name, at) in sorted(names.items())]
    await transaction.execute(KEEP_UNITS, *zip(*rows, strict=True))


async def note_progress(transaction: Transaction, newest: Mapping[str, datetime]) -> None:
    """Note the newest event time consumed per topic."""
    topics = sorted(newest)
    await transaction.execute(NOTE_PROGRESS, topics, [newest[topic] for topic in topics])


async def stop_rolling_up(transaction: Transaction) -> None:
    """Keep consumers from committing until this transaction ends; readers go on."""
    await transaction.execute(UNBOUNDED)
    await transaction.execute(STOP_ROLLING_UP)


async def counted_programs(transaction: Transaction) -> list[UUID]:
    """The programs of which there is a fact or a sum."""
    await transaction.execute(UNBOUNDED)
    return [row["program_id"] for row in await transaction.fetch(COUNTED_PROGRAMS, timeout=LONGEST_S)]


async def all_facts(transaction: Transaction, program_id: UUID, chunk_facts: int) -> AsyncIterator[Fact]:
    """Every fact of every kind in a program."""
    for kind, statement in READ_ALL.items():
        async for row in transaction.cursor(statement, program_id, prefetch=chunk_facts, timeout=LONGEST_S):
            yield fact_of(kind, row)


async def keep_fresh(transaction: Transaction, counts: Sequence[Any], people: Sequence[Any]) -> None:
    """Put recomputed rollups beside the present ones."""
    await transaction.execute(CLEAR_FRESH, timeout=LONGEST_S)
    await transaction.copy_records_to_table("fresh_count", records=counts, timeout=LONGEST_S)
    await transaction.copy_records_to_table("fresh_person", records=people, timeout=LONGEST_S)


async def compare(transaction: Transaction, program_id: UUID | None = None) -> list[Compared]:
    """Present against recomputed rollups, by measure; of one program, if given."""
    return [Compared(*row) for row in await transaction.fetch(COMPARE, program_id, timeout=LONGEST_S)]


async def take_fresh(transaction: Transaction, program_id: UUID) -> None:
    """Put the recomputed rollups of a program in the place of the present ones."""
    for remove, add in TAKE_FRESH:
        await transaction.execute(remove, program_id, timeout=LONGEST_S)
        await transaction.execute(add, timeout=LONGEST_S)


async def stop_consuming(transaction: Transaction) -> None:
    """Keep consumers from writing anything until this transaction ends; readers go on."""
    await transaction.execute(UNBOUNDED)
    await transaction.execute(STOP_CONSUMING)


async def set_aside(transaction: Transaction) -> None:
    """Keep the present rollups where `compare` looks for others."""
    for statement in SET_ASIDE:
        await transaction.execute(statement, timeout=LONGEST_S)


async def empty(transaction: Transaction) -> None:
    """Forget what events say again: facts, rollups and programs.

    Where people stood and what their units were called stays. A topic of whole states has only the newest one, so the
    past would be lost; and what is said again adds nothing.
    """
    for statement in EMPTY:
        await transaction.execute(statement, timeout=LONGEST_S)
