"""Step 4 of the write path: statements about reminders to confirm what a profile says."""

from datetime import date
from uuid import UUID

from chassis.database import Transaction

REMIND = """
INSERT INTO profile_reminder (person_id, due_on)
SELECT person_id, $1::date FROM person AS p
WHERE status = 'active' AND oldest_confirmation(declared) < $2::text
    AND NOT EXISTS (SELECT FROM profile_reminder AS r WHERE r.person_id = p.person_id AND r.due_on >= $3::date)
ORDER BY person_id LIMIT $4
ON CONFLICT (person_id) DO UPDATE SET due_on = EXCLUDED.due_on
RETURNING person_id
"""


async def remind(transaction: Transaction, today: date, stale_before: date, limit: int) -> int:
    """Remind at most `limit` people with a confirmation before `stale_before` and no reminder since; how many."""
    return len(await transaction.fetch(REMIND, today, stale_before.isoformat(), stale_before, limit))


async def reminded_on(transaction: Transaction, person_id: UUID) -> date | None:
    """When somebody was last reminded."""
    day: date | None = await transaction.fetchval("SELECT due_on FROM profile_reminder WHERE person_id = $1", person_id)
    return day
