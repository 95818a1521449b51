"""Step 2 of the write path: what a mentor takes."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database, Transaction

from session_service import model, store
from session_service.answers import AvailabilityAnswer
from session_service.commands.steps import tell_availability
from session_service.requests import AvailabilityBody


async def set_availability(
    database: Database, person_id: UUID, body: AvailabilityBody, expected_version: int
) -> AvailabilityAnswer:
    """Keep what somebody takes a month, or until when they pause. Raises PreconditionFailed."""
    async with database.transaction() as transaction:
        at = datetime.now(UTC)
        present = await store.lock_availability(transaction, person_id, at)
        model.check_version(present.version, expected_version)
        await store.set_availability(transaction, person_id, body.capacity, body.paused_until)
        await tell_availability(transaction, person_id, at)
        return await read_availability(transaction, person_id, at)


async def read_availability(transaction: Transaction, person_id: UUID, at: datetime) -> AvailabilityAnswer:
    """What somebody takes, and what is left of this month."""
    limit = await store.slot_limit(transaction, person_id)
    return AvailabilityAnswer.of(await store.availability(transaction, person_id, at), limit)
