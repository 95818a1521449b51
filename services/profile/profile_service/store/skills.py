"""Step 4 of the write path: statements about the skill vocabulary."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from profile_service.model import VocabularySkill
from profile_service.store.organisation import plain

VOCABULARY_LOCK = 7_100_002
SAVE_SKILLS = """
INSERT INTO skill SELECT * FROM jsonb_populate_recordset(NULL::skill, $1)
ON CONFLICT (skill_id) DO UPDATE SET version = EXCLUDED.version, label = EXCLUDED.label, aliases = EXCLUDED.aliases,
    broader_id = EXCLUDED.broader_id, retired = EXCLUDED.retired, merged_into = EXCLUDED.merged_into
"""
SAVE_NAMES = "INSERT INTO skill_name (name, skill_id) SELECT * FROM unnest($1::text[], $2::uuid[])"
# Whose name it is comes first, then whose name begins so; without words all are alike.
LIST_SKILLS = """
SELECT s.*, coalesce(found.rank, 0) AS rank FROM skill AS s CROSS JOIN LATERAL (
    SELECT min(CASE WHEN n.name = $1 THEN 0 WHEN starts_with(n.name, $1) THEN 1 ELSE 2 END) AS rank
    FROM skill_name AS n WHERE n.skill_id = s.skill_id AND strpos(n.name, $1) > 0
) AS found
WHERE ($1::text IS NULL OR found.rank IS NOT NULL)
    AND ($2::bigint IS NULL OR (coalesce(found.rank, 0), s.label, s.skill_id) > ($2, $3, $4))
ORDER BY coalesce(found.rank, 0), s.label, s.skill_id LIMIT $5
"""
NAME_OWNERS = "SELECT n.name, s.* FROM skill_name AS n JOIN skill AS s USING (skill_id) WHERE n.name = ANY ($1)"
REFERRING = "SELECT * FROM skill WHERE merged_into = $1 OR broader_id = $1 ORDER BY skill_id"
# UNION, not UNION ALL: it ends even where there is a circle.
ABOVE = """
WITH RECURSIVE above (skill_id) AS (
    SELECT broader_id FROM skill WHERE skill_id = $1
    UNION
    SELECT s.broader_id FROM above JOIN skill AS s USING (skill_id)
)
SELECT skill_id FROM above WHERE skill_id IS NOT NULL
"""


async def lock_vocabulary(transaction: Transaction) -> None:
    """One change of skill names at a time, until this transaction ends."""
    await transaction.execute("SELECT pg_advisory_xact_lock($1)", VOCABULARY_LOCK)


async def hold_vocabulary(transaction: Transaction) -> None:
    """No change of the vocabulary until this transaction ends; many may hold it side by side."""
    await transaction.execute("SELECT pg_advisory_xact_lock_shared($1)", VOCABULARY_LOCK)


async def skill(transaction: Transaction, skill_id: UUID) -> VocabularySkill | None:
    """One entry of the vocabulary."""
    return next(iter(await skills_by_id(transaction, [skill_id])), None)


async def skills_by_id(transaction: Transaction, skill_ids: Collection[UUID]) -> list[VocabularySkill]:
    """These entries of the vocabulary, as far as they exist."""
    rows = await transaction.fetch("SELECT * FROM skill WHERE skill_id = ANY ($1)", list(skill_ids))
    return [skill_of(row) for row in rows]


async def skills(
    transaction: Transaction, name_part: str | None, after: Sequence[Any] | None, limit: int
) -> list[tuple[int, VocabularySkill]]:
    """Entries with a name that contains `name_part` (normalised), each with its rank, lower first.

    In order of rank, label and id; `after` are these values of the last one before.
    """
    rank, label, skill_id = after or (None, None, None)
    rows = await transaction.fetch(LIST_SKILLS, name_part, rank, label, skill_id, limit)
    return [(row["rank"], skill_of(row)) for row in rows]


async def owners_of_names(transaction: Transaction, names: Collection[str]) -> dict[str, VocabularySkill]:
    """Which of these normalised names belong to whom."""
    return {row["name"]: skill_of(row) for row in await transaction.fetch(NAME_OWNERS, list(names))}


async def referring_skills(transaction: Transaction, skill_id: UUID) -> list[VocabularySkill]:
    """Entries that were merged into this one, and those that are narrower."""
    return [skill_of(row) for row in await transaction.fetch(REFERRING, skill_id)]


async def broader_ids(transaction: Transaction, skill_id: UUID) -> set[UUID]:
    """All that is broader than this entry, at any distance."""
    return {row["skill_id"] for row in await transaction.fetch(ABOVE, skill_id)}


async def save_skills(transaction: Transaction, skills: Collection[VocabularySkill]) -> None:
    """Insert or replace entries and their names, which nobody else has."""
    rows = [plain(skill) for skill in skills]
    await transaction.execute(SAVE_SKILLS, rows)
    await transaction.execute("DELETE FROM skill_name WHERE skill_id = ANY ($1)", [row["skill_id"] for row in rows])
    named = [(name, skill.skill_id) for skill in skills for name in skill.names()]
    await transaction.execute(SAVE_NAMES, [name for name, _ in named], [skill_id for _, skill_id in named])


def skill_of(row: Any) -> VocabularySkill:
    columns = {name: row[name] for name in VocabularySkill.__dataclass_fields__}
    return VocabularySkill(**{**columns, "aliases": tuple(columns["aliases"])})
