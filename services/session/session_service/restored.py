"""The one-shot command for after a restore: availability and sessions outrank again what the topics hold of them.

What a mentor can take is a state, and said again. Sessions are steps: what was said of them stays said, and only what
comes next must not be taken for older. A session that was asked for after the backup is nobody's here; so that the
others do not wait for it for ever, a request expires and an accepted one is cancelled. Messages of then are lost.
Mail and chat messages of before the backup are not sent again.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from chassis.consumer import Delivery
from chassis.database import Transaction
from chassis.outbox import Outgoing
from chassis.restoring import Kind
from chassis.restoring import restored as mend
from chassis.runtime import Service
from flash_schemas import session as said
from flash_schemas.base import Event

from session_service import outranking, store
from session_service.commands import say_blocks_again
from session_service.model import holds_since
from session_service.store import deliveries

LIMIT = 200
OVER = (
    said.SessionDeclinedV1,
    said.SessionExpiredV1,
    said.SessionWithdrawnV1,
    said.SessionCancelledV1,
    said.SessionHeldV1,
    said.SessionNotHeldV1,
    said.SessionSolvedInChatV1,
)


async def restored(service: Service, arguments: Sequence[str] = ()) -> int:
    """Mend what diverges and report it; `--check` only reports. Raises KafkaError and what is transient."""
    status = await mend(service, KINDS, LIMIT, arguments, first=send_nothing_old)
    if not arguments:  # not for --check; search alone may read the topic, so there is nothing to compare
        await say_blocks_again(service.database)
    return status


async def send_nothing_old(service: Service) -> None:
    """What waited when the backup was made may have gone out since: it shows in the app, and is not sent again.

    Nor is anybody asked again to confirm what was due by now.
    """
    async with service.database.transaction() as transaction:
        await deliveries.stop_all(transaction)
        today = datetime.now(UTC).date()
        await store.remind_unconfirmed(transaction, today, holds_since(today))


async def _availability(transaction: Transaction, published: Mapping[UUID, int]) -> list[Outgoing]:
    """As it is now, and as anybody's where nothing is known any more."""
    await outranking.make_availability(transaction, published)
    raised = await outranking.AVAILABILITY.outrank(transaction, published)
    at = datetime.now(UTC)
    present = [await store.availability(transaction, mentor_id, at) for mentor_id in raised]
    return [each.event(await store.slot_limit(transaction, each.person_id)) for each in present]


async def _sessions(transaction: Transaction, published: Mapping[UUID, int]) -> list[Outgoing]:
    await outranking.SESSIONS.outrank(transaction, published)
    return []


def closed(told: Sequence[Delivery]) -> said.SessionEvent | None:
    """The end of a session of which this was told; None when it had one."""
    steps = [delivery.event for delivery in told if isinstance(delivery.event, said.SessionEvent)]
    if not steps or any(isinstance(step, OVER) for step in steps):
        return None
    about = steps[-1].model_dump(include=set(said.SessionEvent.model_fields))
    if any(isinstance(step, said.SessionAcceptedV1) for step in steps):
        return said.SessionCancelledV1(**about, by="system")
    return said.SessionExpiredV1(**about)


def _message_id(event: Event) -> UUID:
    assert isinstance(event, said.MessageSentV1 | said.MessageReadV1), "the topic holds nothing else"
    return event.message_id


KINDS = (
    Kind(
        "availability",
        (said.AvailabilityChangedV1.TOPIC,),
        outranking.AVAILABILITY,
        _availability,
        makes_unknown=True,
    ),
    # A message takes a version of its session.
    Kind(
        "sessions",
        (said.SessionEvent.TOPIC, said.MessageSentV1.TOPIC),
        outranking.SESSIONS,
        _sessions,
        ending=closed,
    ),
    Kind("messages", (said.MessageSentV1.TOPIC,), outranking.MESSAGES, key=_message_id),
)
