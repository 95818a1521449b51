"""Step 4 of the write path: statements about forgetting people."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.erasure import ErasureConfirmedV1, ErasureReason

from profile_service.model import Erasure, Receipt, services_asked

# The photo is counted where it is removed: later nobody can tell that there was one.
ADD = """
WITH photo_gone AS (DELETE FROM photo WHERE person_id = $1 RETURNING true)
INSERT INTO erasure_request (person_id, reason, requested_at, objects) SELECT $1, $2, $3, count(*) FROM photo_gone
ON CONFLICT (person_id) DO UPDATE SET objects = erasure_request.objects + EXCLUDED.objects
"""
KEEP_RECEIPT = """
INSERT INTO erasure_receipt (person_id, service, confirmed_at, rows, documents, objects, dead_letters)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""
CONFIRM = "UPDATE erasure_request SET confirmed_at = $2 WHERE person_id = $1 AND confirmed_at IS NULL"
# A receipt has the version after its request's.
ASK_AGAIN = """
UPDATE erasure_request SET version = version + 2 WHERE person_id = $1 AND confirmed_at IS NULL RETURNING version, reason
"""
RECEIPTS = """
SELECT service, confirmed_at, rows, documents, objects, dead_letters FROM erasure_receipt WHERE person_id = $1
"""
UNCONFIRMED = """
SELECT count(*) AS people, coalesce(extract(epoch FROM now() - min(requested_at)), 0)::float AS oldest_s
FROM erasure_request WHERE confirmed_at IS NULL
"""
NOTE_LEAVERS = """
INSERT INTO leaver (person_id) SELECT person_id FROM person WHERE status = 'left' AND employee_number IS NOT NULL
ON CONFLICT DO NOTHING
"""
FORGET_RETURNED = "DELETE FROM leaver AS l USING person AS p WHERE p.person_id = l.person_id AND p.status <> 'left'"
FORGET_REFUSALS = """
UPDATE hr_snapshot SET refusals = (SELECT coalesce(jsonb_agg(each ORDER BY place), '[]')
    FROM jsonb_array_elements(refusals) WITH ORDINALITY AS r (each, place)
    WHERE each ->> 'employee_number' IS DISTINCT FROM $1)
WHERE refusals @> jsonb_build_array(jsonb_build_object('employee_number', $1::text))
"""
DUE_LEAVERS = """
SELECT person_id FROM leaver WHERE since <= now() - make_interval(days => $1) ORDER BY since LIMIT $2
"""
FORGET_BESIDE = (
    "DELETE FROM profile_reminder WHERE person_id = $1",
    "DELETE FROM skill_suggestion_dismissed WHERE person_id = $1",
)
TO_SAY_AGAIN = """
SELECT person_id FROM erasure_request WHERE said_again_at IS NULL AND requested_at <= now() - make_interval(days => $1)
ORDER BY requested_at LIMIT $2
"""


async def forget_number(transaction: Transaction, person_id: UUID, number: str) -> None:
    """HR's number is nobody's any more, in snapshots too; nor is it known since when they have left."""
    await transaction.execute("DELETE FROM hr_snapshot_entry WHERE kind = 'person' AND key = $1", number)
    await transaction.execute(FORGET_REFUSALS, number)
    await transaction.execute("UPDATE person SET employee_number = NULL WHERE person_id = $1", person_id)
    await transaction.execute("DELETE FROM leaver WHERE person_id = $1", person_id)


async def forget_beside(transaction: Transaction, person_id: UUID) -> None:
    """Nothing is left of what stands beside a person's row: the reminder, suggestions not wanted."""
    for statement in FORGET_BESIDE:
        await transaction.execute(statement, person_id)


async def add_erasure(transaction: Transaction, person_id: UUID, reason: ErasureReason, at: datetime) -> None:
    """Somebody is to be forgotten, the photo at once."""
    await transaction.execute(ADD, person_id, reason, at)


async def erased_objects(transaction: Transaction, person_id: UUID) -> int:
    """How many files were removed when somebody was forgotten."""
    query = "SELECT coalesce(max(objects), 0) FROM erasure_request WHERE person_id = $1"
    return int(await transaction.fetchval(query, person_id))


async def ask_again(transaction: Transaction, person_id: UUID) -> tuple[int, ErasureReason] | None:
    """The version and reason of a request that is made once more; None when all have confirmed."""
    row = await transaction.fetchrow(ASK_AGAIN, person_id)
    return (row["version"], row["reason"]) if row else None


async def erasure(transaction: Transaction, person_id: UUID) -> Erasure | None:
    """How far the forgetting of somebody is; the receipts in the order in which services are asked."""
    query = "SELECT person_id, reason, requested_at, confirmed_at FROM erasure_request WHERE person_id = $1"
    row = await transaction.fetchrow(query, person_id)
    if row is None:
        return None
    given = {each["service"]: Receipt(**each) for each in await transaction.fetch(RECEIPTS, person_id)}
    return Erasure(**row, receipts=[given.get(service, Receipt(service)) for service in services_asked()])


async def keep_receipt(transaction: Transaction, receipt: ErasureConfirmedV1, at: datetime) -> set[str]:
    """Keep a service's first receipt; who has confirmed by now."""
    counts = (receipt.rows, receipt.documents, receipt.objects, receipt.dead_letters)
    await transaction.execute(KEEP_RECEIPT, receipt.person_id, receipt.service, at, *counts)
    return {row["service"] for row in await transaction.fetch(RECEIPTS, receipt.person_id)}


async def confirm_erasure(transaction: Transaction, person_id: UUID, at: datetime) -> None:
    """Everybody has confirmed."""
    await transaction.execute(CONFIRM, person_id, at)


async def unconfirmed_erasures(transaction: Transaction) -> tuple[int, float]:
    """How many requests wait for a receipt, and how many seconds the oldest of them."""
    row: Any = await transaction.fetchrow(UNCONFIRMED)
    return row["people"], row["oldest_s"]


async def note_leavers(transaction: Transaction) -> None:
    """Note since when those who have left are away, as seen from here; who is back is no leaver."""
    await transaction.execute(NOTE_LEAVERS)
    await transaction.execute(FORGET_RETURNED)


async def due_leavers(transaction: Transaction, after_days: int, limit: int) -> list[UUID]:
    """Those who have been away for so long, longest first."""
    return [row["person_id"] for row in await transaction.fetch(DUE_LEAVERS, after_days, limit)]


async def to_say_again(transaction: Transaction, after_days: int, limit: int) -> list[UUID]:
    """Those forgotten so long ago whose empty state was said only once."""
    return [row["person_id"] for row in await transaction.fetch(TO_SAY_AGAIN, after_days, limit)]


async def mark_said_again(transaction: Transaction, person_id: UUID) -> None:
    """It was said again."""
    await transaction.execute("UPDATE erasure_request SET said_again_at = now() WHERE person_id = $1", person_id)
