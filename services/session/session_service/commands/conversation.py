"""Step 2 of the write path: writing to each other."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.problems import Conflict, NotFound

from session_service import model, store
from session_service.answers import MessageAnswer
from session_service.commands.steps import locked_for, save
from session_service.model import Session
from session_service.sealing import Keyring
from session_service.store import Message


async def send(
    database: Database, keyring: Keyring, by: UUID, session_id: UUID, message_id: UUID, text: str
) -> MessageAnswer:
    """Write to the other; the same message id again is the same message. Raises NotFound, WrongState, Conflict."""
    async with database.transaction() as transaction:
        session, at = await locked_for(transaction, by, session_id), datetime.now(UTC)
        known = await store.message(transaction, keyring, message_id)
        if known and not _same(known, session_id, by, text):
            raise Conflict("This id belongs to another message; take a new one.", field="message_id")
        if known is None:
            spoken = await speak(transaction, keyring, session, by, message_id, text, at)
            known = Message(message_id, session_id, spoken.messages, by, text, at)
        return MessageAnswer.model_validate(known)


async def speak(
    transaction: Transaction, keyring: Keyring, session: Session, by: UUID, message_id: UUID, text: str, at: datetime
) -> Session:
    """Keep and say one message of a locked session. Raises NotFound, WrongState."""
    may_meet = await store.may_meet(transaction, session.learner_id, session.mentor_id)
    step = model.spoken(session, by, message_id, len(text), at, may_meet=may_meet)
    await save(transaction, step)
    message = Message(message_id, session.session_id, step.session.messages, by, text, at)
    await store.add_message(transaction, keyring, message)
    await store.show(transaction, step.session, "message", message_id)
    return step.session


async def edit_message(
    database: Database, keyring: Keyring, by: UUID, session_id: UUID, message_id: UUID, text: str
) -> MessageAnswer:
    """Write one's own message of the last minutes otherwise; nothing is said of it. Raises NotFound, WrongState."""
    async with database.transaction() as transaction:
        session = await locked_for(transaction, by, session_id)
        at, message = datetime.now(UTC), await store.message(transaction, keyring, message_id)
        if message is None or message.session_id != session_id:
            raise NotFound
        if message.text != text:
            may_meet = await store.may_meet(transaction, session.learner_id, session.mentor_id)
            model.check_open(session, at, may_meet=may_meet)
            model.check_edit(by, message.sender_id, message.sent_at, at)
            message = replace(message, text=text, edited_at=at)
            await store.edit_message(transaction, keyring, message)
            await store.show(transaction, session, "message", message_id)
        return MessageAnswer.model_validate(message)


async def mark_read(database: Database, by: UUID, session_id: UUID, position: int) -> None:
    """Keep that somebody has read up to a message, once and never back. Raises NotFound, Refused."""
    async with database.transaction() as transaction:
        session, at = await locked_for(transaction, by, session_id), datetime.now(UTC)
        message_id = await store.message_at(transaction, session_id, position)
        step = model.read_up_to(session, by, message_id, position)
        if await store.mark_read(transaction, session_id, by, position, at):
            await save(transaction, step)
            await store.show(transaction, session, "read")


def _same(known: Message, session_id: UUID, by: UUID, text: str) -> bool:
    """Whether a message sent again is the known one; one that was edited since may have had this text."""
    return (known.session_id, known.sender_id) == (session_id, by) and (
        known.text == text or known.edited_at is not None
    )
