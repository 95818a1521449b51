"""Statements about notices in the app. Step 4 of the write path, and the read path of the feed.

What a newer release told in a way that is not known here waits, in tables, for that release.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from session_service.model import Session
from session_service.notices.kinds import KINDS
from session_service.notices.notice import Notice

# Of who is forgotten nothing is kept any more.
ADD = """
INSERT INTO notice (notice_id, person_id, kind, session_id, other_id, facts)
SELECT notice_id, person_id, kind, session_id, other_id, facts
FROM jsonb_populate_recordset(NULL::notice, $1) AS n LEFT JOIN erasure AS e USING (person_id)
WHERE e.person_id IS NULL ORDER BY person_id, notice_id ON CONFLICT DO NOTHING
"""
COLUMNS = "notice_id, person_id, kind, session_id, other_id, facts, made_at, read_at"
FEED = f"""
SELECT {COLUMNS} FROM notice WHERE person_id = $1 AND kind = ANY ($5)
    AND ($2::timestamptz IS NULL OR (made_at, notice_id) < ($2, $3))
ORDER BY made_at DESC, notice_id DESC LIMIT $4
"""  # noqa: S608 - columns of ours
SEE = """
UPDATE notice SET read_at = now()
WHERE person_id = $1 AND read_at IS NULL AND ($2::uuid[] IS NULL OR notice_id = ANY ($2))
"""
SEE_MESSAGES = """
UPDATE notice SET read_at = now()
WHERE person_id = $1 AND session_id = $2 AND kind = 'message_waiting' AND read_at IS NULL
"""
SEE_PAUSE = """
UPDATE notice SET read_at = now() WHERE person_id = $1 AND kind = 'paused_for_silence' AND read_at IS NULL
"""
# A notice that is still on its way to somebody stays, however old.
FORGET_OLD = """
DELETE FROM notice WHERE notice_id IN (
    SELECT notice_id FROM notice AS n WHERE made_at < now() - make_interval(days => $1) AND planned_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM delivery_notice JOIN delivery USING (delivery_id) WHERE notice_id = n.notice_id
                        AND state IN ('waiting', 'retry', 'claimed', 'sending'))
    ORDER BY made_at LIMIT $2)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNotice(Notice):
    """A notice and what became of it in the app."""

    made_at: datetime
    read_at: datetime | None


async def add(transaction: Transaction, notices: Sequence[Notice]) -> None:
    """Keep notices that are not known yet; of messages of one session one unread notice at most."""
    await transaction.execute(ADD, [asdict(notice) for notice in notices])


async def feed(transaction: Transaction, person_id: UUID, after: Sequence[Any] | None, limit: int) -> list[KeptNotice]:
    """Somebody's notices, newest first, after a cursor's (made_at, id)."""
    made_at, notice_id = after or (None, None)
    values = (person_id, made_at, notice_id, limit, list(KINDS))
    return [KeptNotice(**row) for row in await transaction.fetch(FEED, *values)]


async def sessions(transaction: Transaction, notices: Sequence[Notice]) -> dict[UUID, Session]:
    """The sessions that notices are about, by id."""
    ids = [notice.session_id for notice in notices if notice.session_id]
    rows = await transaction.fetch("SELECT * FROM session WHERE session_id = ANY ($1)", ids)
    return {row["session_id"]: Session(**row) for row in rows}


async def count_unread(transaction: Transaction, person_id: UUID) -> int:
    """How many of somebody's notices are unread."""
    query = "SELECT count(*) FROM notice WHERE person_id = $1 AND read_at IS NULL AND kind = ANY ($2)"
    count: int = await transaction.fetchval(query, person_id, list(KINDS))
    return count


async def see(transaction: Transaction, person_id: UUID, notice_ids: Collection[UUID] | None) -> None:
    """These notices, or all, were read."""
    await transaction.execute(SEE, person_id, None if notice_ids is None else list(notice_ids))


async def see_messages(transaction: Transaction, person_id: UUID, session_id: UUID) -> None:
    """Somebody has seen what was written to them in a session."""
    await transaction.execute(SEE_MESSAGES, person_id, session_id)


async def see_pause(transaction: Transaction, person_id: UUID) -> None:
    """A mentor who is back knows that they were paused."""
    await transaction.execute(SEE_PAUSE, person_id)


async def forget_old(transaction: Transaction, keep_days: int, limit: int) -> None:
    """Notices older than this are gone, a bounded number at once."""
    await transaction.execute(FORGET_OLD, keep_days, limit)
