"""Statements about messages. Step 4 of the write path."""

from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Transaction

LIST_MESSAGES = """
SELECT message_id, session_id, position, sender_id, text, sent_at FROM message
WHERE session_id = $1 AND position > $2 ORDER BY position LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was sent."""

    message_id: UUID
    session_id: UUID
    position: int
    sender_id: UUID
    text: str
    sent_at: datetime


async def add_message(transaction: Transaction, message: Message) -> None:
    """Keep a message."""
    query = """INSERT INTO message (message_id, session_id, position, sender_id, text, sent_at)
               VALUES ($1, $2, $3, $4, $5, $6)"""
    await transaction.execute(query, *astuple(message))


async def message(transaction: Transaction, message_id: UUID) -> Message | None:
    """The message with this id."""
    query = "SELECT message_id, session_id, position, sender_id, text, sent_at FROM message WHERE message_id = $1"
    row = await transaction.fetchrow(query, message_id)
    return Message(**row) if row else None


async def messages(transaction: Transaction, session_id: UUID, after: int, limit: int) -> list[Message]:
    """Messages of a session in order, after a position."""
    return [Message(**row) for row in await transaction.fetch(LIST_MESSAGES, session_id, after, limit)]
