"""Step 4 of the write path: statements about snapshots of the whole company."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.database import Transaction

from profile_service.hr import ListedPerson, ListedUnit, Snapshot, SnapshotPart
from profile_service.model import Orders
from profile_service.store.organisation import orders_of, plain

WAITING = "phase IN ('judging', 'units', 'people', 'missing_people', 'missing_units')"
NEXT_SNAPSHOT = f"SELECT * FROM hr_snapshot WHERE {WAITING} ORDER BY source LIMIT 1 FOR UPDATE"  # noqa: S608 - ours
SAVE_SNAPSHOT = """
INSERT INTO hr_snapshot SELECT * FROM jsonb_populate_record(NULL::hr_snapshot, $1)
ON CONFLICT (source) DO UPDATE SET (snapshot, sequence, at, phase, parts, last_part, confirmed, after, reason,
    applied, ignored, refused, refusals) = (EXCLUDED.snapshot, EXCLUDED.sequence, EXCLUDED.at, EXCLUDED.phase,
    EXCLUDED.parts, EXCLUDED.last_part, EXCLUDED.confirmed, EXCLUDED.after, EXCLUDED.reason, EXCLUDED.applied,
    EXCLUDED.ignored, EXCLUDED.refused, EXCLUDED.refusals)
"""
SAVE_ENTRIES = """
INSERT INTO hr_snapshot_entry
SELECT $1::text, $2::text, entry.key, $3::integer, entry.value FROM jsonb_each($4) AS entry
ON CONFLICT (source, kind, key) DO UPDATE SET part = EXCLUDED.part, body = EXCLUDED.body
"""
# Who lists no manager keeps the known one.
LISTED_MANAGERS = """
SELECT key, CASE WHEN body ? 'manager' THEN body ->> 'manager' ELSE above.employee_number END AS manager
FROM hr_snapshot_entry
LEFT JOIN person ON person.employee_number = key
LEFT JOIN person AS above ON above.person_id = person.manager_id
WHERE source = $1 AND kind = 'person'
"""
# No join: of a list that has just come PostgreSQL expects one row, and would go through all for each.
RANK_PEOPLE = """
UPDATE hr_snapshot_entry SET depth = ($2::jsonb ->> key)::integer WHERE source = $1 AND kind = 'person'
"""
LISTED_PEOPLE = """
SELECT body FROM hr_snapshot_entry WHERE source = $1 AND kind = 'person' AND (depth, key) > (
    coalesce((SELECT depth FROM hr_snapshot_entry WHERE source = $1 AND kind = 'person' AND key = $2), -1), $2)
ORDER BY depth, key LIMIT $3
"""
MISSING = """
SELECT employee_number, sequence, hr_orders FROM person WHERE status <> 'left' AND employee_number > $2
    AND NOT EXISTS (SELECT FROM hr_snapshot_entry WHERE source = $1 AND kind = 'person' AND key = employee_number)
ORDER BY employee_number LIMIT $3
"""


async def snapshot_of(transaction: Transaction, source: str) -> Snapshot | None:
    """The newest snapshot of a sender."""
    row = await transaction.fetchrow("SELECT * FROM hr_snapshot WHERE source = $1 FOR UPDATE", source)
    return _snapshot(row) if row else None


async def snapshots(transaction: Transaction) -> list[Snapshot]:
    """The newest snapshot of each sender."""
    return [_snapshot(row) for row in await transaction.fetch("SELECT * FROM hr_snapshot ORDER BY source")]


async def snapshots_waiting(transaction: Transaction) -> bool:
    """Whether a snapshot is whole and not yet in effect."""
    query = f"SELECT EXISTS (SELECT FROM hr_snapshot WHERE {WAITING})"  # noqa: S608 - a condition of ours
    waiting: bool = await transaction.fetchval(query)
    return waiting


async def next_snapshot(transaction: Transaction) -> Snapshot | None:
    """A snapshot that is whole and not yet in effect, locked."""
    row = await transaction.fetchrow(NEXT_SNAPSHOT)
    return _snapshot(row) if row else None


async def save_snapshot(transaction: Transaction, snapshot: Snapshot) -> None:
    """Keep how far it has come; of one that is finished or refused, whom it lists is forgotten."""
    await transaction.execute(SAVE_SNAPSHOT, plain(snapshot))
    if snapshot.phase in ("done", "refused"):
        await transaction.execute("DELETE FROM hr_snapshot_entry WHERE source = $1", snapshot.source)


async def save_part(transaction: Transaction, snapshot: Snapshot, part: SnapshotPart) -> None:
    """Keep what a part lists in the place of what it listed before; the first part of a new snapshot replaces all."""
    query = "DELETE FROM hr_snapshot_entry WHERE source = $1 AND (part = $2 OR NOT part = ANY ($3))"
    await transaction.execute(query, snapshot.source, part.part, list(snapshot.parts))
    units = {unit.unit: unit.model_dump(mode="json") for unit in part.units}
    people = {one.employee_number: one.model_dump(mode="json", exclude_unset=True) for one in part.people}
    for kind, entries in (("unit", units), ("person", people)):
        await transaction.execute(SAVE_ENTRIES, snapshot.source, kind, part.part, entries)


async def listed_units(transaction: Transaction, source: str) -> list[ListedUnit]:
    """All units of a snapshot."""
    query = "SELECT body FROM hr_snapshot_entry WHERE source = $1 AND kind = 'unit'"
    return [ListedUnit.model_validate(row["body"]) for row in await transaction.fetch(query, source)]


async def listed_managers(transaction: Transaction, source: str) -> dict[str, str | None]:
    """Who the managers of a snapshot's people will be, by number."""
    return {row["key"]: row["manager"] for row in await transaction.fetch(LISTED_MANAGERS, source)}


async def rank_people(transaction: Transaction, source: str, depths: Mapping[str, int]) -> None:
    """Keep in which order a snapshot's people take effect."""
    await transaction.execute(RANK_PEOPLE, source, depths)


async def listed_people(transaction: Transaction, source: str, after: str, limit: int) -> list[ListedPerson]:
    """The next people of a snapshot, managers first, after the one with this number."""
    rows = await transaction.fetch(LISTED_PEOPLE, source, after, limit)
    return [ListedPerson.model_validate(row["body"]) for row in rows]


async def missing_people(
    transaction: Transaction, source: str, after: str = "", limit: int | None = None
) -> Sequence[tuple[str, Orders]]:
    """People who are here and not in a snapshot, by number, with the orders of what is known of them."""
    rows = await transaction.fetch(MISSING, source, after, limit)
    return [(row["employee_number"], orders_of(row)) for row in rows]


async def people_present(transaction: Transaction) -> int:
    """How many people have not left."""
    count: int = await transaction.fetchval("SELECT count(*) FROM person WHERE status <> 'left'")
    return count


def _snapshot(row: Any) -> Snapshot:
    return Snapshot(**{**row, "parts": tuple(row["parts"]), "refusals": tuple(row["refusals"])})
