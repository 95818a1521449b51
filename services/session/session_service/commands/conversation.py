"""Step 2 of the write path: writing to each other."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.erasing import is_erased
from chassis.problems import Conflict, NotFound

from session_service import model, store
from session_service.answers import MessageAnswer
from session_service.commands.steps import locked, save
from session_service.model import Session
from session_service.sealing import Keyring
from session_service.store import Message


async def send(
    database: Database, keyring: Keyring, by: UUID, session_id: UUID, message_id: UUID, text: str
) -> MessageAnswer:
    """Write to the other; the same message id again is the same message. Raises NotFound, WrongState, Conflict."""
    async with database.transaction() as transaction:
        session, at = await locked(transaction, session_id), datetime.now(UTC)
        session.side_of(by)
        if await is_erased(transaction, by):  # with a token of before; what is written now would stay
            raise NotFound
        known = await store.message(transaction, keyring, message_id)
        if known and (known.session_id, known.sender_id, known.text) != (session_id, by, text):
            raise Conflict("This id belongs to another message; take a new one.", field="message_id")
        if known is None:
            spoken = await speak(transaction, keyring, session, by, message_id, text, at)
            known = Message(message_id, session_id, spoken.messages, by, text, at)
        return MessageAnswer.model_validate(known)


async def speak(
    transaction: Transaction, keyring: Keyring, session: Session, by: UUID, message_id: UUID, text: str, at: datetime
) -> Session:
    """Keep and say one message of a locked session. Raises NotFound, WrongState."""
    step = model.spoken(session, by, message_id, len(text), at)
    await save(transaction, step)
    message = Message(message_id, session.session_id, step.session.messages, by, text, at)
    await store.add_message(transaction, keyring, message)
    return step.session
