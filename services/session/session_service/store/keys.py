"""Statements about the keys that messages are sealed with. Step 4 of the write path."""

from uuid import UUID

from chassis.database import Transaction

from session_service import sealing
from session_service.sealing import Keyring, Wrapped

ADD_KEY = "INSERT INTO conversation_key (session_id, author_id, master_key, wrapped) VALUES ($1, $2, $3, $4)"
WRAPPED_OTHERWISE = """
SELECT session_id, author_id, master_key, wrapped FROM conversation_key
WHERE master_key <> $1 AND (session_id, author_id) > ($2, $3) ORDER BY session_id, author_id LIMIT $4 FOR UPDATE
"""
REWRAP = "UPDATE conversation_key SET master_key = $3, wrapped = $4 WHERE session_id = $1 AND author_id = $2"


async def author_key(transaction: Transaction, keyring: Keyring, session_id: UUID, author_id: UUID) -> bytes:
    """An author's key in a session that the caller has locked, made at their first message. Raises MasterKeyMissing."""
    query = "SELECT master_key, wrapped FROM conversation_key WHERE session_id = $1 AND author_id = $2"
    place = sealing.place_of(session_id, author_id)
    row = await transaction.fetchrow(query, session_id, author_id)
    if row:
        return keyring.unwrap(Wrapped(**row), place)
    key = sealing.new_key()
    kept = keyring.wrap(key, place)
    await transaction.execute(ADD_KEY, session_id, author_id, kept.master_key, kept.wrapped)
    return key


async def rewrap_some(
    transaction: Transaction, keyring: Keyring, after: tuple[UUID, UUID], limit: int
) -> list[tuple[UUID, UUID]]:
    """Wrap the next keys by the newest master key; which they were. Raises MasterKeyMissing."""
    rows = await transaction.fetch(WRAPPED_OTHERWISE, keyring.newest, *after, limit)
    for session_id, author_id, master_key, wrapped in rows:
        place = sealing.place_of(session_id, author_id)
        kept = keyring.rewrap(Wrapped(master_key, wrapped), place)
        await transaction.execute(REWRAP, session_id, author_id, kept.master_key, kept.wrapped)
    return [(row["session_id"], row["author_id"]) for row in rows]
