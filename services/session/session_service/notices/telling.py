"""Step 4 of the write path: a notice is kept together with the step that it is about."""

from collections.abc import Sequence

from chassis.database import Transaction
from flash_schemas.session import MessageReadV1, MessageSentV1

from session_service.model import ReminderKind, Session, Step
from session_service.notices.notice import Notice, notices_of, reminders_of
from session_service.store import notices as store


async def follow(transaction: Transaction, step: Step) -> None:
    """Tell whom a step concerns; who writes, or reads to the end, has seen what was waiting for them."""
    await tell(transaction, notices_of(step))
    for event in step.events:
        if isinstance(event, MessageSentV1):
            await store.see_messages(transaction, event.sender_id, event.session_id)
        elif isinstance(event, MessageReadV1) and event.position >= step.session.messages:
            await store.see_messages(transaction, event.reader_id, event.session_id)


async def remind(transaction: Transaction, session: Session, kind: ReminderKind) -> None:
    """Tell the two of their session, or the learner that it is asked whether it was of use."""
    await tell(transaction, reminders_of(session, kind))


async def tell(transaction: Transaction, notices: Sequence[Notice]) -> None:
    """Keep these notices; those that are known already, and a further message while one is unread, change nothing."""
    if notices:
        await store.add(transaction, notices)
