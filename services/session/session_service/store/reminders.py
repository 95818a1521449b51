"""Statements about reminders. Step 4 of the write path.

What is due follows from the sessions as they are; kept is only what went out, for which time. So nothing has to be put
right when a session is moved or given up, and a process may end anywhere.
"""

from datetime import datetime
from uuid import UUID

from chassis.database import Transaction

from session_service.model import BEFORE, FOLLOW_UP_AFTER, FOLLOW_UP_WITHIN, ReminderKind, Session

KINDS = list(BEFORE)
EARLIEST, LATEST = ([times[bound] for times in BEFORE.values()] for bound in (0, 1))
UPCOMING = """
SELECT s.session_id, k.kind, s.starts_at AS due_for FROM session AS s
JOIN unnest($3::text[], $4::interval[], $5::interval[]) AS k (kind, earliest, latest)
    ON $1::timestamptz >= s.starts_at - k.earliest AND $1 < s.starts_at - k.latest
WHERE s.state = 'accepted' AND s.starts_at > $1 AND s.starts_at <= $1::timestamptz + $6::interval
    AND NOT EXISTS (SELECT FROM reminder AS r
                    WHERE r.session_id = s.session_id AND r.kind = k.kind AND r.due_for = s.starts_at)
ORDER BY s.starts_at, s.session_id LIMIT $2 FOR UPDATE OF s SKIP LOCKED
"""
HELPED = """
SELECT s.session_id, 'follow_up' AS kind, s.ended_at AS due_for FROM session AS s
WHERE s.state IN ('held', 'solved') AND s.ended_at BETWEEN $1::timestamptz - $4::interval AND $1 - $3::interval
    AND NOT EXISTS (SELECT FROM follow_up AS f WHERE f.session_id = s.session_id)
    AND NOT EXISTS (SELECT FROM reminder AS r WHERE r.session_id = s.session_id AND r.kind = 'follow_up')
ORDER BY s.ended_at, s.session_id LIMIT $2 FOR UPDATE OF s SKIP LOCKED
"""
# Another process may have taken it between our look and our lock; its row is there, and ours is none.
TAKE = """
WITH taken AS (
    INSERT INTO reminder (session_id, kind, due_for) SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
    ON CONFLICT DO NOTHING RETURNING session_id, kind
)
SELECT taken.kind, session.* FROM taken JOIN session USING (session_id) ORDER BY session_id, kind
"""
NOTE_PAST = """
INSERT INTO reminder (session_id, kind, due_for)
SELECT $1, kind, $2 FROM unnest($3::text[], $4::interval[]) AS k (kind, earliest)
WHERE $5 >= $2::timestamptz - earliest ON CONFLICT DO NOTHING
"""


async def take_reminders(transaction: Transaction, at: datetime, limit: int) -> list[tuple[ReminderKind, Session]]:
    """Reminders that are due, for this transaction alone; nobody else gets them, unless it is rolled back."""
    rows = await transaction.fetch(UPCOMING, at, limit, KINDS, EARLIEST, LATEST, max(EARLIEST))
    rows += await transaction.fetch(HELPED, at, limit, FOLLOW_UP_AFTER, FOLLOW_UP_AFTER + FOLLOW_UP_WITHIN)
    columns = [[row[name] for row in rows] for name in ("session_id", "kind", "due_for")]
    return [_reminder(dict(row)) for row in await transaction.fetch(TAKE, *columns)]


def _reminder(row: dict[str, object]) -> tuple[ReminderKind, Session]:
    kind: ReminderKind = row.pop("kind")  # type: ignore[assignment] # only such are written
    return kind, Session(**row)  # type: ignore[arg-type] # the columns of the table


async def note_past_reminders(transaction: Transaction, session_id: UUID, starts_at: datetime, at: datetime) -> None:
    """Of a time that was agreed just now nobody needs to be reminded at once."""
    await transaction.execute(NOTE_PAST, session_id, starts_at, KINDS, EARLIEST, at)
