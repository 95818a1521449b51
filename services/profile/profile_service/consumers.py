"""Step 6 of the data's way: receipts of services that have forgotten a person, and this service's own part in it."""

from collections.abc import Sequence

from chassis import erasing, outbox
from chassis.consumer import Consumer, Delivery
from chassis.database import Transaction
from flash_schemas.erasure import ErasureConfirmedV1, ErasureRequestedV1
from flash_schemas.profile import ProfileChangedV1

from profile_service import commands, model, store


def consumers() -> list[Consumer]:
    """All that this service reads."""
    return [Consumer("erasures", (ErasureRequestedV1.TOPIC,), take_erasures)]


async def take_erasures(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Clear what is left here of those who are to be forgotten, and keep the receipts."""
    await erasing.take_requests(transaction, deliveries, forget)
    for delivery in deliveries:
        if isinstance(delivery.event, ErasureConfirmedV1):
            confirmed = await store.keep_receipt(transaction, delivery.event, delivery.envelope.time)
            if model.all_confirmed(confirmed):
                await store.confirm_erasure(transaction, delivery.event.person_id, delivery.envelope.time)


async def forget(transaction: Transaction, request: ErasureRequestedV1) -> int:
    """What the command left: former states in the outbox. The row counts as one. A restored backup is cleared whole."""
    await commands.erase_again(transaction, request)
    await erasing.note_last_state(transaction, request.person_id)
    events = await outbox.forget(transaction, ProfileChangedV1.TOPIC, request.person_id, request.profile_version)
    return 1 + events
