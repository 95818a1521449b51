"""Step 4 of the write path: statements about what other vocabularies said of skills."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from profile_service.model import Known, Said
from profile_service.store.skills import owners_of_names, skills_by_id

SAVE_SOURCES = """
INSERT INTO skill_source SELECT * FROM jsonb_populate_recordset(NULL::skill_source, $1)
ON CONFLICT (source, source_id) DO UPDATE SET skill_id = EXCLUDED.skill_id, label = EXCLUDED.label,
    names = EXCLUDED.names
"""
SAID = "SELECT source_id, skill_id, label, names FROM skill_source WHERE source = $1 AND source_id = ANY ($2)"


async def known_to_source(
    transaction: Transaction, source: str, source_ids: Collection[str], names: Collection[str]
) -> Known:
    """What the source said of these entries before, and the skills that they or these normalised names stand for."""
    rows = await transaction.fetch(SAID, source, list(source_ids))
    said = [Said(**{**row, "names": frozenset(row["names"])}) for row in rows]
    owners = await owners_of_names(transaction, names)
    skills = {skill.skill_id: skill for skill in owners.values()}
    skills |= {skill.skill_id: skill for skill in await skills_by_id(transaction, [one.skill_id for one in said])}
    by_name: dict[str, UUID] = {name: skill.skill_id for name, skill in owners.items()}
    return Known({one.source_id: one for one in said}, skills, by_name)


async def save_sources(transaction: Transaction, source: str, said: Iterable[Said]) -> None:
    """Remember what a source said."""
    await transaction.execute(SAVE_SOURCES, [_row(source, one) for one in said])


def _row(source: str, said: Said) -> dict[str, Any]:
    values = {"source_id": said.source_id, "skill_id": said.skill_id, "label": said.label}
    return {"source": source, **values, "names": sorted(said.names)}
