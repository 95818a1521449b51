"""Statements about messages, which are sealed on their way in and opened on their way out. Step 4 of the write path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from chassis import logs
from chassis.database import Transaction
from cryptography.exceptions import InvalidTag

from session_service import sealing
from session_service.sealing import Keyring, MasterKeyMissing, Wrapped
from session_service.store.keys import author_key

log = logs.get(__name__)

# Without its author's key a message stays sealed for ever: they are forgotten.
MESSAGES = """
SELECT m.message_id, m.session_id, m.position, m.sender_id, m.text, m.sealed, m.sent_at, m.edited_at,
    k.master_key, k.wrapped
FROM message AS m LEFT JOIN conversation_key AS k ON k.session_id = m.session_id AND k.author_id = m.sender_id
"""
MESSAGE = f"{MESSAGES} WHERE m.message_id = $1"
LIST_MESSAGES = f"{MESSAGES} WHERE m.session_id = $1 AND m.position > $2::bigint ORDER BY m.position LIMIT $3"
LIST_OF_SESSIONS = f"""
{MESSAGES} WHERE m.session_id = ANY ($1) ORDER BY array_position($1, m.session_id), m.position LIMIT $2
"""
SOME_MESSAGES = f"{MESSAGES} WHERE m.message_id = ANY ($1)"
ADD_MESSAGE = """
INSERT INTO message (message_id, session_id, position, sender_id, sealed, sent_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
EDIT_MESSAGE = "UPDATE message SET sealed = $2, text = '', edited_at = $3 WHERE message_id = $1"
MARK_READ = """
INSERT INTO read_mark (session_id, reader_id, position, read_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (session_id, reader_id) DO UPDATE SET position = EXCLUDED.position, read_at = EXCLUDED.read_at
WHERE read_mark.position < EXCLUDED.position RETURNING true
"""
PLAIN_MESSAGES = "SELECT message_id, sender_id, text FROM message WHERE session_id = $1 AND text <> '' LIMIT $2"


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was sent; its text is empty once its author is forgotten."""

    message_id: UUID
    session_id: UUID
    position: int
    sender_id: UUID
    text: str
    sent_at: datetime
    edited_at: datetime | None = None


async def add_message(transaction: Transaction, keyring: Keyring, message: Message) -> None:
    """Keep a message of a locked session."""
    key = await author_key(transaction, keyring, message.session_id, message.sender_id)
    sealed = sealing.seal(key, message.text.encode(), _place(message.session_id, message.message_id))
    about = (message.message_id, message.session_id, message.position, message.sender_id)
    await transaction.execute(ADD_MESSAGE, *about, sealed, message.sent_at)


async def message(transaction: Transaction, keyring: Keyring, message_id: UUID) -> Message | None:
    """The message with this id."""
    row = await transaction.fetchrow(MESSAGE, message_id)
    return _opened(row, keyring) if row else None


async def messages_by_id(
    transaction: Transaction, keyring: Keyring, message_ids: Sequence[UUID]
) -> dict[UUID | None, Message]:
    """Those of these messages that can be opened: one that cannot is logged and holds up no other."""
    opened: dict[UUID | None, Message] = {}
    for row in await transaction.fetch(SOME_MESSAGES, message_ids) if message_ids else ():
        try:
            opened[row["message_id"]] = _opened(row, keyring)
        except (MasterKeyMissing, InvalidTag):
            log.exception("message_does_not_open", message_id=str(row["message_id"]))
    return opened


async def messages(
    transaction: Transaction, keyring: Keyring, session_id: UUID, after: int, limit: int
) -> list[Message]:
    """Messages of a session in order, after a position."""
    return [_opened(row, keyring) for row in await transaction.fetch(LIST_MESSAGES, session_id, after, limit)]


async def messages_of_sessions(
    transaction: Transaction, keyring: Keyring, session_ids: Sequence[UUID], limit: int
) -> list[Message]:
    """Messages of these sessions, one session after the other, each in order."""
    return [_opened(row, keyring) for row in await transaction.fetch(LIST_OF_SESSIONS, session_ids, limit)]


async def edit_message(transaction: Transaction, keyring: Keyring, message: Message) -> None:
    """Keep a message of a locked session with its new text."""
    key = await author_key(transaction, keyring, message.session_id, message.sender_id)
    sealed = sealing.seal(key, message.text.encode(), _place(message.session_id, message.message_id))
    await transaction.execute(EDIT_MESSAGE, message.message_id, sealed, message.edited_at)


async def message_at(transaction: Transaction, session_id: UUID, position: int) -> UUID | None:
    """The id of the message at this position."""
    query = "SELECT message_id FROM message WHERE session_id = $1 AND position = $2"
    found: UUID | None = await transaction.fetchval(query, session_id, position)
    return found


async def mark_read(transaction: Transaction, session_id: UUID, reader_id: UUID, position: int, at: datetime) -> bool:
    """Keep how far somebody has read; False when they were there before."""
    return bool(await transaction.fetchval(MARK_READ, session_id, reader_id, position, at))


async def read_positions(transaction: Transaction, session_id: UUID) -> dict[UUID, int]:
    """How far those have read who have read anything."""
    query = "SELECT reader_id, position FROM read_mark WHERE session_id = $1"
    return {row["reader_id"]: row["position"] for row in await transaction.fetch(query, session_id)}


async def read_positions_of(transaction: Transaction, session_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, int]]:
    """The same of several sessions."""
    query = "SELECT session_id, reader_id, position FROM read_mark WHERE session_id = ANY ($1)"
    read: dict[UUID, dict[UUID, int]] = {}
    for session_id, reader_id, position in await transaction.fetch(query, session_ids) if session_ids else ():
        read.setdefault(session_id, {})[reader_id] = position
    return read


async def some_plain_session(transaction: Transaction) -> UUID | None:
    """A session with messages that were kept before they were sealed."""
    found: UUID | None = await transaction.fetchval("SELECT session_id FROM message WHERE text <> '' LIMIT 1")
    return found


async def seal_plain(transaction: Transaction, keyring: Keyring, session_id: UUID, limit: int) -> None:
    """Seal such messages of a locked session, and empty them."""
    for message_id, author_id, text in await transaction.fetch(PLAIN_MESSAGES, session_id, limit):
        key = await author_key(transaction, keyring, session_id, author_id)
        sealed = sealing.seal(key, text.encode(), _place(session_id, message_id))
        await transaction.execute("UPDATE message SET text = '', sealed = $2 WHERE message_id = $1", message_id, sealed)


def _opened(row: asyncpg.Record, keyring: Keyring) -> Message:
    values = dict(row)
    sealed, kept = values.pop("sealed"), (values.pop("master_key"), values.pop("wrapped"))
    if sealed and kept[0]:
        key = keyring.unwrap(Wrapped(*kept), sealing.place_of(row["session_id"], row["sender_id"]))
        values["text"] = sealing.unseal(key, sealed, _place(row["session_id"], row["message_id"])).decode()
    return Message(**values)


def _place(session_id: UUID, message_id: UUID) -> bytes:
    return sealing.place_of(session_id, message_id)
