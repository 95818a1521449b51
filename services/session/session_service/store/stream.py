"""Statements about what live streams have to show. Step 4 of the write path, and the read path of the streams.

Items are read by snapshot windows: all that the present snapshot sees and a former one did not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
from chassis.database import Transaction

from session_service.model import Session
from session_service.sealing import Keyring
from session_service.store.conversation import Message, messages_by_id, read_positions_of
from session_service.store.sessions import sessions_by_id

Kind = Literal["session", "message", "read"]

ADD_ITEMS = """
INSERT INTO stream_item (person_id, kind, session_id, message_id) SELECT unnest($1::uuid[]), $2, $3, $4
"""
NEW_SINCE = """
(xid >= pg_snapshot_xmax($1::text::pg_snapshot) OR xid = ANY (ARRAY (SELECT pg_snapshot_xip($1::text::pg_snapshot))))
"""
ITEMS = "SELECT id, person_id, kind, session_id, message_id FROM stream_item"
# One statement sees one snapshot: what it reads and what it says of how far it has read belong together.
WINDOW = f"""
SELECT pg_current_snapshot()::text AS snapshot, i.* FROM (SELECT) AS one
LEFT JOIN LATERAL ({ITEMS} WHERE {NEW_SINCE} ORDER BY id) AS i ON true ORDER BY i.id
"""  # noqa: S608 - constants only
WINDOW_OF_PERSON = f"""
SELECT pg_current_snapshot()::text AS snapshot, i.* FROM (SELECT) AS one
LEFT JOIN LATERAL ({ITEMS} WHERE person_id = $2 AND {NEW_SINCE} ORDER BY id LIMIT $3) AS i ON true ORDER BY i.id
"""  # noqa: S608 - constants only
# Later than now: of a database that was put back to a backup since.
KNOWN = "SELECT pg_snapshot_xmax($1::text::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot())"
FORGET = (
    "DELETE FROM stream_item WHERE id IN (SELECT id FROM stream_item WHERE added_at < $1 ORDER BY added_at LIMIT $2)"
)


@dataclass(frozen=True, slots=True)
class Item:
    """Something new for one person: a session, a message in it, or how far it was read."""

    id: int
    person_id: UUID
    kind: Kind
    session_id: UUID
    message_id: UUID | None


@dataclass(frozen=True, slots=True)
class Window:
    """What is new, in order, and the snapshot up to which this is all."""

    snapshot: str
    items: Sequence[Item]


async def show(transaction: Transaction, session: Session, kind: Kind, message_id: UUID | None = None) -> None:
    """Have both of a locked session see something new of it."""
    both = [session.learner_id, session.mentor_id]
    await transaction.execute(ADD_ITEMS, both, kind, session.session_id, message_id)


async def current_snapshot(transaction: Transaction) -> str:
    """Where a stream begins that has nothing to catch up with."""
    snapshot: str = await transaction.fetchval("SELECT pg_current_snapshot()::text")
    return snapshot


async def stream_window(transaction: Transaction, since: str) -> Window:
    """What is new for anybody."""
    return _window(await transaction.fetch(WINDOW, since))


async def stream_window_of(transaction: Transaction, person_id: UUID, since: str, limit: int) -> Window | None:
    """What is new for one person, at most `limit`; None for a snapshot that this database never had."""
    try:
        if not await transaction.fetchval(KNOWN, since):
            return None
    except asyncpg.DataError:
        return None
    return _window(await transaction.fetch(WINDOW_OF_PERSON, since, person_id, limit))


async def forget_stream_items(transaction: Transaction, before: datetime, limit: int) -> bool:
    """Drop a bounded number of items that were added before a moment; True when there may be more."""
    return int((await transaction.execute(FORGET, before, limit)).split()[-1]) == limit


async def stream_subjects(
    transaction: Transaction, keyring: Keyring, items: Sequence[Item]
) -> tuple[dict[UUID, Session], dict[UUID, dict[UUID, int]], dict[UUID | None, Message]]:
    """What items are about, as it is now: sessions, read positions by session and reader, and messages, by id."""
    session_ids = list({item.session_id for item in items})
    sessions = await sessions_by_id(transaction, session_ids)
    read = await read_positions_of(transaction, [item.session_id for item in items if item.kind == "read"])
    messages = await messages_by_id(transaction, keyring, [item.message_id for item in items if item.message_id])
    return sessions, read, messages


def _window(rows: Sequence[asyncpg.Record]) -> Window:
    items = [Item(*tuple(row)[1:]) for row in rows if row["id"] is not None]
    return Window(rows[0]["snapshot"], items)
