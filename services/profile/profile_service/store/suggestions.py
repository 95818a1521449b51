"""Step 4 of the write path: statements about skills that are suggested to people."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Transaction

# Merges are followed: who dismissed the former entry is not asked about the one that replaced it.
SUGGESTED = """
WITH RECURSIVE named AS (
    SELECT n.name, s.skill_id, s.label, s.retired, s.merged_into
    FROM skill_name AS n JOIN skill AS s USING (skill_id) WHERE n.name = ANY ($1)
    UNION
    SELECT f.name, s.skill_id, s.label, s.retired, s.merged_into
    FROM named AS f JOIN skill AS s ON s.skill_id = f.merged_into
), unwanted AS (
    SELECT s.skill_id, s.merged_into FROM skill AS s
    WHERE s.skill_id = ANY ($3)
        OR s.skill_id IN (SELECT skill_id FROM skill_suggestion_dismissed WHERE person_id = $2)
    UNION
    SELECT s.skill_id, s.merged_into FROM unwanted AS f JOIN skill AS s ON s.skill_id = f.merged_into
)
SELECT skill_id, label, array_agg(name ORDER BY name) AS names FROM named
WHERE merged_into IS NULL AND NOT retired AND skill_id NOT IN (SELECT skill_id FROM unwanted)
GROUP BY skill_id, label ORDER BY label, skill_id LIMIT $4
"""
DISMISS = """
INSERT INTO skill_suggestion_dismissed (person_id, skill_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""

DISMISSED = """
SELECT label FROM skill_suggestion_dismissed JOIN skill USING (skill_id) WHERE person_id = $1 ORDER BY label
"""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A skill of the vocabulary, and by which of its names it was found."""

    skill_id: UUID
    label: str
    names: tuple[str, ...]


async def suggested(
    transaction: Transaction, person_id: UUID, names: Collection[str], claimed: Collection[UUID], limit: int
) -> list[Suggested]:
    """Skills in use with one of these normalised names, by label, but for those claimed or dismissed."""
    rows = await transaction.fetch(SUGGESTED, list(names), person_id, list(claimed), limit)
    return [Suggested(row["skill_id"], row["label"], tuple(row["names"])) for row in rows]


async def dismiss(transaction: Transaction, person_id: UUID, skill_id: UUID) -> None:
    """Never suggest this skill to them again."""
    await transaction.execute(DISMISS, person_id, skill_id)


async def dismissed(transaction: Transaction, person_id: UUID) -> list[str]:
    """The skills, by label, that somebody did not want to be suggested."""
    return [row["label"] for row in await transaction.fetch(DISMISSED, person_id)]
