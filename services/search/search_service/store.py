"""Every statement of the search service: its projection of people, programs and skills, and how far the index is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.comparison import Versions
from chassis.database import Transaction

from search_service.vocabulary import SkillName, Vocabulary

# Of somebody who is forgotten only versions are kept, so that nothing older is taken, nor what a backup brought back.
KEEP_PROFILES = """
INSERT INTO person (person_id, profile, profile_version, name_words)
SELECT person_id, CASE WHEN e.person_id IS NULL THEN p.profile ELSE '{"status": "left", "participations": []}' END,
    profile_version, CASE WHEN e.person_id IS NULL THEN p.name_words ELSE '{}' END
FROM jsonb_populate_recordset(NULL::person, $1) AS p LEFT JOIN erasure AS e USING (person_id) ORDER BY person_id
ON CONFLICT (person_id) DO UPDATE SET profile = EXCLUDED.profile, profile_version = EXCLUDED.profile_version,
    name_words = EXCLUDED.name_words, doc_version = person.doc_version + 1, changed_at = now(), index_problem = NULL
WHERE person.profile_version < EXCLUDED.profile_version
"""
KEEP_AVAILABILITY = """
INSERT INTO person (person_id, availability, availability_version)
SELECT person_id, CASE WHEN e.person_id IS NULL THEN p.availability END, availability_version
FROM jsonb_populate_recordset(NULL::person, $1) AS p LEFT JOIN erasure AS e USING (person_id) ORDER BY person_id
ON CONFLICT (person_id) DO UPDATE SET availability = EXCLUDED.availability,
    availability_version = EXCLUDED.availability_version, doc_version = person.doc_version + 1, changed_at = now(),
    index_problem = NULL
WHERE person.availability_version < EXCLUDED.availability_version
"""
KEEP_UNITS = """
INSERT INTO unit (unit_id, name, named_at) SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
ON CONFLICT (unit_id) DO UPDATE SET name = EXCLUDED.name, named_at = EXCLUDED.named_at
WHERE unit.named_at < EXCLUDED.named_at
RETURNING old.name IS DISTINCT FROM new.name AS renamed
"""
KEEP_PROGRAMS = """
INSERT INTO program (program_id, version, body)
SELECT program_id, version, body FROM jsonb_populate_recordset(NULL::program, $1) ORDER BY program_id
ON CONFLICT (program_id) DO UPDATE SET version = EXCLUDED.version, body = EXCLUDED.body
WHERE program.version < EXCLUDED.version
"""
# What an older release did not keep of a version comes with a replay.
KEEP_SKILLS = """
INSERT INTO skill SELECT * FROM jsonb_populate_recordset(NULL::skill, $1) ORDER BY skill_id
ON CONFLICT (skill_id) DO UPDATE SET version = EXCLUDED.version, label = EXCLUDED.label, aliases = EXCLUDED.aliases,
    broader_id = EXCLUDED.broader_id, retired = EXCLUDED.retired, merged_into = EXCLUDED.merged_into
WHERE skill.version < EXCLUDED.version
    OR (skill.version = EXCLUDED.version AND skill.broader_id IS DISTINCT FROM EXCLUDED.broader_id)
"""
# Whoever takes several people takes them by id, or two could wait for each other until one is ended.
IN_TURN = """
WITH taken AS (SELECT person_id FROM person WHERE {} ORDER BY person_id FOR NO KEY UPDATE)
UPDATE person AS p SET {} FROM taken WHERE p.person_id = taken.person_id"""
HAS_ONE_OF = "jsonb_path_query_array(profile, '$.skills[*].skill_id') ?| $1::text[]"
NEWER = "doc_version = doc_version + 1, changed_at = now()"
INDEX_AGAIN_WITH_SKILLS = IN_TURN.format(HAS_ONE_OF, NEWER)
INDEX_AGAIN = IN_TURN.format("person_id = ANY ($1)", NEWER)
INDEX_ALL_AGAIN = IN_TURN.format("true", "indexed_version = -(SELECT nextval('index_reset')), index_problem = NULL")
TRY_PARKED = f"""
{IN_TURN.format("index_problem IS NOT NULL", "index_problem = NULL, changed_at = now()")} RETURNING p.person_id
"""
# One statement, so that rows and generations are of one snapshot: a generation that starts later finds them reset.
PENDING = """
SELECT person_id, profile, availability, doc_version, indexed_version,
    ARRAY(SELECT name FROM index_generation ORDER BY name) AS generations
FROM person WHERE doc_version > indexed_version AND index_problem IS NULL ORDER BY changed_at LIMIT $1
"""
# Only rows that nobody reset meanwhile.
MARK_INDEXED = """
WITH m AS (
    SELECT m.* FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[]) AS m (person_id, before, done, problem)
    JOIN person USING (person_id) ORDER BY person_id FOR NO KEY UPDATE OF person
)
UPDATE person AS p SET indexed_version = m.done, index_problem = m.problem
FROM m WHERE p.person_id = m.person_id AND p.indexed_version = m.before
"""
BEHIND = """
SELECT count(*) AS documents, coalesce(extract(epoch FROM now() - min(changed_at)), 0)::float AS seconds
FROM person WHERE doc_version > indexed_version AND index_problem IS NULL
"""
# A person whom only an index knows becomes a row without a profile, whose document is a tombstone: it hides them there,
# and should news of them still come, their document's version goes on from there.
INDEX_ABOVE = """
INSERT INTO person (person_id, doc_version)
SELECT person_id, version + 1 FROM unnest($1::uuid[], $2::bigint[]) AS f (person_id, version) ORDER BY person_id
ON CONFLICT (person_id) DO UPDATE SET doc_version = GREATEST(person.doc_version + 1, EXCLUDED.doc_version),
    changed_at = now(), index_problem = NULL
"""
UNSETTLED = "SELECT person_id FROM person WHERE person_id = ANY ($1) AND doc_version > indexed_version"
COUNT_PEOPLE = "SELECT count(*) AS people, count(index_problem) AS parked FROM person"
COUNT_SEARCH = """
INSERT INTO searcher (person_id, searches) VALUES ($1, 1)
ON CONFLICT (person_id) DO UPDATE SET searches = searcher.searches + 1 RETURNING searches
"""
ACCESS = """
SELECT p.body AS program, v.changes,
    (SELECT profile -> 'participations' FROM person WHERE person_id = $2) AS participations,
    EXISTS (SELECT FROM person WHERE person_id = $2 AND profile ->> 'status' = 'left') AS gone,
    ARRAY(SELECT unnest(blocked) FROM block_list WHERE person_id = $2
          UNION SELECT person_id FROM block_list WHERE blocked @> ARRAY[$2::uuid]) AS apart
FROM program AS p, vocabulary AS v WHERE p.program_id = $1
"""

KEPT = {
    "people": Versions("person", "person_id", "profile_version", "profile_version > 0"),
    "availability": Versions("person", "person_id", "availability_version", "availability_version > 0"),
    "blocks": Versions("block_list", "person_id", "version"),
    "programs": Versions("program", "program_id", "version"),
    "skills": Versions("skill", "skill_id", "version"),
}
"""What each consumer keeps."""
SETTLED = Versions("person", "person_id", "doc_version", "doc_version = indexed_version AND index_problem IS NULL")
"""The documents that every index should hold."""
DOCUMENTS = Versions("person", "person_id", "doc_version")
"""The newest version of each document, on its way or not."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A person whose newest state is not in every index yet."""

    person_id: UUID
    profile: dict[str, Any] | None
    availability: dict[str, Any] | None
    doc_version: int
    indexed_version: int
    generations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indexed:
    """What became of a pending row: the version that is now in every index, or why it is refused."""

    person_id: UUID
    before: int
    done: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """A program as the searcher stands to it, and the vocabulary's state."""

    program: dict[str, Any]
    changes: int
    participations: list[dict[str, Any]]
    gone: bool
    """Whether the searcher has left."""
    apart: tuple[UUID, ...]
    """Who is hidden from the searcher and they from them, as one blocked the other."""


async def keep_profiles(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Take newer profiles: person_id, profile, profile_version, name_words."""
    await transaction.execute(KEEP_PROFILES, rows)


async def keep_availability(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Take newer availability: person_id, availability, availability_version."""
    await transaction.execute(KEEP_AVAILABILITY, rows)


async def keep_units(transaction: Transaction, names: dict[UUID, tuple[str, datetime]]) -> None:
    """Take newer unit names, each with when it was said."""
    ordered = sorted(names.items())
    said = [name for _, name in ordered]
    values = ([unit_id for unit_id, _ in ordered], [name for name, _ in said], [at for _, at in said])
    if any(row["renamed"] for row in await transaction.fetch(KEEP_UNITS, *values)):
        await vocabulary_changed(transaction)


async def keep_programs(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Take newer programs: program_id, version, body."""
    await transaction.execute(KEEP_PROGRAMS, rows)


async def keep_skills(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Take newer vocabulary entries; people who have a merged one are indexed again."""
    await transaction.execute(KEEP_SKILLS, rows)
    # People first and the vocabulary last, as whoever takes profiles: neither may wait for the other.
    if merged := [str(row["skill_id"]) for row in rows if row["merged_into"]]:
        await transaction.execute(INDEX_AGAIN_WITH_SKILLS, merged)
    await vocabulary_changed(transaction)


async def vocabulary_changed(transaction: Transaction) -> None:
    """Have every process load the vocabulary again."""
    await transaction.execute("UPDATE vocabulary SET changes = changes + 1")


async def vocabulary(transaction: Transaction) -> Vocabulary:
    """The names of all skills and units."""
    skills = await transaction.fetch("SELECT skill_id, label, aliases, retired, merged_into, broader_id FROM skill")
    units = await transaction.fetch("SELECT DISTINCT name FROM unit")
    names = (SkillName(**{**row, "aliases": tuple(row["aliases"])}) for row in skills)
    return Vocabulary.of(names, (row["name"] for row in units))


async def merged_skills(transaction: Transaction) -> dict[str, str]:
    """Skill ids that another id replaces, however many merges away."""
    rows = await transaction.fetch(
        "SELECT skill_id, label, aliases, retired, merged_into FROM skill WHERE merged_into IS NOT NULL"
    )
    known = Vocabulary.of((SkillName(**row) for row in rows), ())
    return {str(skill_id): str(known.canonical(skill_id)) for skill_id in known.skills}


async def pending(transaction: Transaction, limit: int) -> list[Pending]:
    """People to index, those who wait longest first."""
    rows = await transaction.fetch(PENDING, limit)
    return [Pending(**{**row, "generations": tuple(row["generations"])}) for row in rows]


async def mark_indexed(transaction: Transaction, marks: Sequence[Indexed]) -> None:
    """These people are in every index, or refused."""
    columns = zip(*((m.person_id, m.before, m.done, m.problem) for m in marks), strict=True)
    await transaction.execute(MARK_INDEXED, *(list(column) for column in columns))


async def index_all_again(transaction: Transaction) -> None:
    """Have everybody sent to every index, for a generation that has just begun."""
    await transaction.execute(INDEX_ALL_AGAIN)


async def index_again(transaction: Transaction, person_ids: Collection[UUID]) -> None:
    """Have these people sent to every index, with a version above any that an index may remember."""
    await transaction.execute(INDEX_AGAIN, list(person_ids))


async def index_above(transaction: Transaction, found: Mapping[UUID, int]) -> None:
    """Have these people sent to every index with a version above the one found there; a stranger as a tombstone."""
    await transaction.execute(INDEX_ABOVE, list(found), list(found.values()))


async def try_parked(transaction: Transaction) -> list[UUID]:
    """Have the refused documents sent once more; whose they are."""
    return [row["person_id"] for row in await transaction.fetch(TRY_PARKED)]


async def unsettled(transaction: Transaction, person_ids: Collection[UUID]) -> set[UUID]:
    """Which of these people are not in every index yet, or refused."""
    return {row["person_id"] for row in await transaction.fetch(UNSETTLED, list(person_ids))}


async def count_people(transaction: Transaction) -> tuple[int, int]:
    """How many people are known, and how many of their documents are refused."""
    row = await transaction.fetchrow(COUNT_PEOPLE)
    assert row, "an aggregate always has a row"
    return row["people"], row["parked"]


async def behind(transaction: Transaction) -> tuple[int, float]:
    """How many people wait for the index, and how many seconds the first of them."""
    row = await transaction.fetchrow(BEHIND)
    assert row, "an aggregate always has a row"
    return row["documents"], row["seconds"]


async def generations(transaction: Transaction) -> dict[str, str]:
    """The name of the index in each state."""
    return {row["state"]: row["name"] for row in await transaction.fetch("SELECT name, state FROM index_generation")}


async def lock_generations(transaction: Transaction) -> dict[str, str]:
    """The same, nobody else changing them until this transaction ends."""
    await transaction.execute("LOCK TABLE index_generation IN SHARE ROW EXCLUSIVE MODE")
    return await generations(transaction)


async def next_index_number(transaction: Transaction) -> int:
    """A number that no index had before."""
    number: int = await transaction.fetchval("SELECT nextval('index_number')")
    return number


async def set_generations(transaction: Transaction, by_state: dict[str, str]) -> None:
    """Exactly these indexes exist, in these states."""
    await transaction.execute("DELETE FROM index_generation")
    query = "INSERT INTO index_generation (state, name) SELECT * FROM unnest($1::text[], $2::text[])"
    await transaction.execute(query, list(by_state), list(by_state.values()))


async def access(transaction: Transaction, program_id: UUID, person_id: UUID) -> Access | None:
    """The program and the person's part in it; None without such a program."""
    row = await transaction.fetchrow(ACCESS, program_id, person_id)
    if row is None:
        return None
    return Access(**{**row, "participations": row["participations"] or [], "apart": tuple(row["apart"])})


async def count_search(transaction: Transaction, person_id: UUID) -> int:
    """The how-manieth search of this person it is, their row locked."""
    count: int = await transaction.fetchval(COUNT_SEARCH, person_id)
    return count
