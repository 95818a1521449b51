"""Step 4 of the write path: statements about the skill vocabulary."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from profile_service.model import VocabularySkill

VOCABULARY_LOCK = 7_100_002
SAVE_SKILL = """
INSERT INTO skill (skill_id, version, label, aliases, broader_id, retired, merged_into)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (skill_id) DO UPDATE SET version = $2, label = $3, aliases = $4, broader_id = $5, retired = $6,
    merged_into = $7
"""
LIST_SKILLS = """
SELECT skill_id, version, label, aliases, broader_id, retired, merged_into FROM skill AS s
WHERE ($1::text IS NULL OR EXISTS (
        SELECT FROM skill_name AS n WHERE n.skill_id = s.skill_id AND strpos(n.name, $1) > 0))
    AND ($2::text IS NULL OR (label, skill_id) > ($2, $3))
ORDER BY label, skill_id LIMIT $4
"""
SKILLS_BY_ID = """
SELECT skill_id, version, label, aliases, broader_id, retired, merged_into FROM skill WHERE skill_id = ANY ($1)
"""
NAME_OWNERS = """
SELECT n.name, s.label FROM skill_name AS n JOIN skill AS s USING (skill_id)
WHERE n.name = ANY ($1) AND skill_id <> $2
"""


async def lock_vocabulary(transaction: Transaction) -> None:
    """One change of skill names at a time, until this transaction ends."""
    await transaction.execute("SELECT pg_advisory_xact_lock($1)", VOCABULARY_LOCK)


async def skill(transaction: Transaction, skill_id: UUID) -> VocabularySkill | None:
    """One entry of the vocabulary."""
    return next(iter(await skills_by_id(transaction, [skill_id])), None)


async def skills_by_id(transaction: Transaction, skill_ids: Collection[UUID]) -> list[VocabularySkill]:
    """These entries of the vocabulary, as far as they exist."""
    return [skill_of(row) for row in await transaction.fetch(SKILLS_BY_ID, list(skill_ids))]


async def skills(
    transaction: Transaction, name_part: str | None, after: Sequence[Any] | None, limit: int
) -> list[VocabularySkill]:
    """Entries with a name that contains `name_part` (normalised), by label, after a cursor's (label, id)."""
    label, skill_id = after or (None, None)
    return [skill_of(row) for row in await transaction.fetch(LIST_SKILLS, name_part, label, skill_id, limit)]


async def owners_of_names(transaction: Transaction, names: Collection[str], besides: UUID) -> dict[str, str]:
    """Which of these normalised names belong to another skill than `besides`: its label, by name."""
    rows = await transaction.fetch(NAME_OWNERS, list(names), besides)
    return {row["name"]: row["label"] for row in rows}


async def save_skill(transaction: Transaction, skill: VocabularySkill) -> None:
    """Insert or replace an entry and its names, which nobody else has."""
    values = (skill.skill_id, skill.version, skill.label, skill.aliases, skill.broader_id, skill.retired)
    await transaction.execute(SAVE_SKILL, *values, skill.merged_into)
    await transaction.execute("DELETE FROM skill_name WHERE skill_id = $1", skill.skill_id)
    query = "INSERT INTO skill_name (name, skill_id) SELECT unnest($1::text[]), $2"
    await transaction.execute(query, list(skill.names()), skill.skill_id)


def skill_of(row: Any) -> VocabularySkill:
    return VocabularySkill(**{**row, "aliases": tuple(row["aliases"])})
