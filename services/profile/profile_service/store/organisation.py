"""Step 4 of the write path: statements about the tree of units."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from chassis.database import Transaction

from profile_service.model import Order, Orders, Organisation, Unit

ORGANISATION_LOCK = 7_100_001
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
    rows = await transaction.fetch("SELECT unit_id, code, name, parent_id, closed, sequence, hr_orders FROM org_unit")
    return Organisation(Unit(**{**row, "hr_orders": orders_of(row)}) for row in rows)


async def save_units(transaction: Transaction, units: Iterable[Unit]) -> None:
    """Insert or replace units."""
    await transaction.execute(SAVE_UNITS, [plain(unit) | {"hr_orders": orders_row(unit.hr_orders)} for unit in units])


def plain(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def orders_row(orders: Orders | None) -> dict[str, list[int | None]]:
    """As it is kept: the order of parts without one of their own has an empty name."""
    return {part: list(order) for part, order in {"": orders.base, **orders.parts}.items()} if orders else {}


def orders_of(row: Any) -> Orders:
    """The orders of a unit's or a person's row; one from before there were any has its sequence alone."""
    parts = {part: Order(*order) for part, order in row["hr_orders"].items()}
    return Orders(parts.pop("", Order(row["sequence"], 0)), parts)
