"""Statements about skills that their owners did not confirm for long. Step 4 of the write path."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from chassis.database import Transaction

# The person's row is locked: who confirms at this moment is either seen here, or sees the notice that came of it.
REMIND = """
WITH due AS (
    SELECT person_id, oldest_confirmation FROM person AS p
    WHERE status = 'active' AND oldest_confirmation < $2::date
        AND NOT EXISTS (SELECT FROM profile_reminder AS r WHERE r.person_id = p.person_id
                        AND (r.confirmed_on = p.oldest_confirmation OR r.reminded_on >= $2))
    ORDER BY oldest_confirmation, person_id LIMIT $3 FOR UPDATE OF p SKIP LOCKED
)
INSERT INTO profile_reminder (person_id, confirmed_on, reminded_on)
SELECT person_id, oldest_confirmation, $1::date FROM due
ON CONFLICT (person_id) DO UPDATE SET confirmed_on = EXCLUDED.confirmed_on, reminded_on = EXCLUDED.reminded_on
RETURNING person_id, confirmed_on
"""
SEE = """
UPDATE notice AS n SET read_at = now() FROM person AS p
WHERE n.person_id = p.person_id AND p.person_id = ANY ($1) AND n.kind = 'skills_unconfirmed' AND n.read_at IS NULL
    AND (p.oldest_confirmation IS NULL OR p.oldest_confirmation >= $2)
"""


async def remind_unconfirmed(
    transaction: Transaction, today: date, holds_since: date, limit: int | None = None
) -> dict[UUID, date]:
    """Note at most `limit` people as told today whose oldest confirmation is from before `holds_since`, each with it.

    Nobody is told twice of the same one, nor of another while the last time is not that long ago.
    """
    rows = await transaction.fetch(REMIND, today, holds_since, limit)
    return {row["person_id"]: row["confirmed_on"] for row in rows}


async def see_confirmed(transaction: Transaction, person_ids: Collection[UUID], holds_since: date) -> None:
    """Those of these people who have confirmed everything know what they were told of it."""
    await transaction.execute(SEE, list(person_ids), holds_since)
