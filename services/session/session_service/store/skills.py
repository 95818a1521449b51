"""Statements about what became of skills. Step 4 of the write path.

What was asked about a skill stays as it was asked. Whoever goes on with it, or looks for it, asks here what the skill
is by now: so a merge changes nothing at once, however much hangs on it, and misses nothing that comes later.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Transaction

KEEP_SKILLS = """
INSERT INTO skill SELECT * FROM jsonb_populate_recordset(NULL::skill, $1) ORDER BY skill_id
ON CONFLICT (skill_id) DO UPDATE SET version = EXCLUDED.version, merged_into = EXCLUDED.merged_into
WHERE skill.version < EXCLUDED.version
"""
KNOWN_SKILLS = """
SELECT coalesce(k.merged_into, s.skill_id) AS skill_id
FROM (SELECT jsonb_array_elements_text(skill_ids)::uuid AS skill_id FROM person WHERE person_id = $1) AS s
LEFT JOIN skill AS k USING (skill_id)
"""


async def keep_skills(transaction: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Take newer skills: skill_id, version, merged_into."""
    await transaction.execute(KEEP_SKILLS, rows)


async def skill_now(transaction: Transaction, skill_id: UUID | None) -> UUID | None:
    """The skill that replaces this one, itself if none does."""
    query = "SELECT merged_into FROM skill WHERE skill_id = $1"
    found: UUID | None = await transaction.fetchval(query, skill_id) if skill_id else None
    return found or skill_id


async def known_skills(transaction: Transaction, person_id: UUID) -> list[UUID]:
    """What a person says to know, those skills as they are now."""
    return [row["skill_id"] for row in await transaction.fetch(KNOWN_SKILLS, person_id)]
