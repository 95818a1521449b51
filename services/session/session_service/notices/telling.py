"""Step 4 of the write path: a notice is kept together with the step that it is about."""

from collections.abc import Sequence

from chassis.database import Transaction
from flash_schemas.session import MessageSentV1

from session_service.model import Step
from session_service.notices.notice import Notice, notices_of
from session_service.store import notices as store


async def follow(transaction: Transaction, step: Step) -> None:
    """Tell whom a step concerns; who writes has seen what was waiting for them."""
    await tell(transaction, notices_of(step))
    for event in step.events:
        if isinstance(event, MessageSentV1):
            await store.see_messages(transaction, event.sender_id, event.session_id)


async def tell(transaction: Transaction, notices: Sequence[Notice]) -> None:
    """Keep these notices; those that are known already, and a further message while one is unread, change nothing."""
    if notices:
        await store.add(transaction, notices)
