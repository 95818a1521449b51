"""Step 4 of the write path: statements about the tree of units."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from profile_service.model import Order, Orders, Organisation, Unit

ORGANISATION_LOCK = 7_100_001
UNIT_COLUMNS = "unit_id, code, name, parent_id, closed, sequence, hr_orders"
# UNION, not UNION ALL: where many ways lead through a unit, it is gone through once.
WITH_ABOVE = f"""
WITH RECURSIVE above AS (
    SELECT unit_id, parent_id FROM org_unit WHERE unit_id = ANY ($1) OR code = ANY ($2)
    UNION SELECT u.unit_id, u.parent_id FROM above JOIN org_unit AS u ON u.unit_id = above.parent_id
)
SELECT {UNIT_COLUMNS} FROM org_unit WHERE unit_id IN (SELECT unit_id FROM above)
"""  # noqa: S608 - column names of our own
BELOW = """
WITH RECURSIVE below AS (
    SELECT unit_id FROM org_unit WHERE unit_id = $1
    UNION SELECT u.unit_id FROM below JOIN org_unit AS u ON u.parent_id = below.unit_id
)
SELECT unit_id FROM below
"""
SAVE_UNITS = """
INSERT INTO org_unit SELECT * FROM jsonb_populate_recordset(NULL::org_unit, $1)
ON CONFLICT (unit_id) DO UPDATE SET name = EXCLUDED.name, parent_id = EXCLUDED.parent_id,
    closed = EXCLUDED.closed, sequence = EXCLUDED.sequence, hr_orders = EXCLUDED.hr_orders
"""


async def lock_organisation(transaction: Transaction) -> None:
    """One change of the tree or of the rules at a time, until this transaction ends."""
    await transaction.execute("SELECT pg_advisory_xact_lock($1)", ORGANISATION_LOCK)


async def organisation(transaction: Transaction) -> Organisation:
    """The whole tree of units, closed ones included."""
    return _tree(await transaction.fetch(f"SELECT {UNIT_COLUMNS} FROM org_unit"))  # noqa: S608 - column names of our own


async def places(transaction: Transaction, unit_ids: Collection[UUID], codes: Collection[str] = ()) -> Organisation:
    """As much of the tree as says where these units are, named by id or by code: they and all above them.

    Who reads the whole tree for one person pays for thousands of units.
    """
    return _tree(await transaction.fetch(WITH_ABOVE, list(unit_ids), list(codes)))


async def units_below(transaction: Transaction, unit_id: UUID) -> list[UUID]:
    """A unit and all that lie under it."""
    return [row["unit_id"] for row in await transaction.fetch(BELOW, unit_id)]


async def save_units(transaction: Transaction, units: Iterable[Unit]) -> None:
    """Insert or replace units."""
    await transaction.execute(SAVE_UNITS, [plain(unit) | {"hr_orders": orders_row(unit.hr_orders)} for unit in units])


def _tree(rows: Iterable[Any]) -> Organisation:
    return Organisation(Unit(**{**row, "hr_orders": orders_of(row)}) for row in rows)


def plain(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def orders_row(orders: Orders | None) -> dict[str, list[int | None]]:
    """As it is kept: the order of parts without one of their own has an empty name."""
    return {part: list(order) for part, order in {"": orders.base, **orders.parts}.items()} if orders else {}


def orders_of(row: Any) -> Orders:
    """The orders of a unit's or a person's row; one from before there were any has its sequence alone."""
    parts = {part: Order(*order) for part, order in row["hr_orders"].items()}
    return Orders(parts.pop("", Order(row["sequence"], 0)), parts)
