"""Step 4 of the write path: statements about the tree of units and what HR pushed before."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from typing import Any

from chassis.database import Transaction

from profile_service.model import Organisation, Unit

ORGANISATION_LOCK = 7_100_001
SAVE_UNITS = """
INSERT INTO org_unit SELECT * FROM jsonb_populate_recordset(NULL::org_unit, $1)
ON CONFLICT (unit_id) DO UPDATE SET name = EXCLUDED.name, parent_id = EXCLUDED.parent_id,
    closed = EXCLUDED.closed, sequence = EXCLUDED.sequence
"""


async def lock_organisation(transaction: Transaction) -> None:
    """One change of the tree or of the rules at a time, until this transaction ends."""
    await transaction.execute("SELECT pg_advisory_xact_lock($1)", ORGANISATION_LOCK)


async def organisation(transaction: Transaction) -> Organisation:
    """The whole tree of units, closed ones included."""
    rows = await transaction.fetch("SELECT unit_id, code, name, parent_id, closed, sequence FROM org_unit")
    return Organisation(Unit(**row) for row in rows)


async def save_units(transaction: Transaction, units: Iterable[Unit]) -> None:
    """Insert or replace units."""
    await transaction.execute(SAVE_UNITS, [plain(unit) for unit in units])


async def seen_events(transaction: Transaction, event_ids: Collection[str]) -> set[str]:
    """Which of these HR events were applied before."""
    rows = await transaction.fetch("SELECT event_id FROM hr_event WHERE event_id = ANY ($1)", list(event_ids))
    return {row["event_id"] for row in rows}


async def remember_events(transaction: Transaction, event_ids: Sequence[str]) -> None:
    """These HR events are applied."""
    await transaction.execute("INSERT INTO hr_event (event_id) SELECT unnest($1::text[])", event_ids)


def plain(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
