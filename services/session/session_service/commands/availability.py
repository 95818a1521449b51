"""Step 2 of the write path: what a mentor takes."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.problems import Refused

from session_service import model, store
from session_service.answers import AvailabilityAnswer
from session_service.commands.steps import check_not_erased, tell_availability
from session_service.model import Availability
from session_service.requests import AvailabilityBody
from session_service.store import notices


async def set_availability(
    database: Database, person_id: UUID, body: AvailabilityBody, expected_version: int
) -> AvailabilityAnswer:
    """Keep what somebody takes a month, and when they are away. Raises PreconditionFailed, NotFound."""
    async with database.transaction() as transaction:
        at = datetime.now(UTC)
        present = await store.lock_availability(transaction, person_id, at)
        await check_not_erased(transaction, person_id)
        model.check_version(present.version, expected_version)
        vacations = [each.model_dump(mode="json") for each in body.vacations if each.back_on > at.date()]
        wanted = replace(present, capacity=body.capacity, paused_until=body.paused_until, vacations=vacations)
        return await _settle(transaction, wanted, at)


async def come_back(database: Database, person_id: UUID) -> AvailabilityAnswer:
    """End whatever somebody is paused by at present, silence and a running vacation among it."""
    async with database.transaction() as transaction:
        at = datetime.now(UTC)
        return await come_back_now(transaction, await store.lock_availability(transaction, person_id, at), at)


async def come_back_now(transaction: Transaction, present: Availability, at: datetime) -> AvailabilityAnswer:
    """The same of an availability that is locked."""
    later = [each for each in present.vacations if not model.away_on(each, at.date())]
    back = replace(present, paused_until=None, vacations=later, silent=0, silent_since=None)
    await notices.see_pause(transaction, present.person_id)
    return await _settle(transaction, back, at)


async def pause(transaction: Transaction, mentor_id: UUID, until: date, at: datetime) -> None:
    """Pause a mentor, whose availability is locked and who is told to others by the caller. Raises Refused."""
    if until <= at.date():
        raise Refused("The first day back is tomorrow or later.", field="pause_until")
    present = await store.availability(transaction, mentor_id, at)
    await _keep(transaction, replace(present, paused_until=until), at)


async def read_availability(transaction: Transaction, person_id: UUID, at: datetime) -> AvailabilityAnswer:
    """What somebody takes, and what is left of this month."""
    limit = await store.slot_limit(transaction, person_id)
    return AvailabilityAnswer.of(await store.availability(transaction, person_id, at), limit)


async def notice_vacations(database: Database, limit: int) -> bool:
    """Have the open requests of who is away from today on closed; True when there may be more."""
    async with database.transaction() as transaction:
        away = await store.begin_vacations(transaction, datetime.now(UTC).date(), limit)
        await store.add_departures(transaction, away)
    return len(away) == limit


async def _settle(transaction: Transaction, wanted: Availability, at: datetime) -> AvailabilityAnswer:
    await _keep(transaction, wanted, at)
    await tell_availability(transaction, wanted.person_id, at)
    return await read_availability(transaction, wanted.person_id, at)


async def _keep(transaction: Transaction, wanted: Availability, at: datetime) -> None:
    """Keep it; open requests to who is away now are looked at, promises stay."""
    await store.set_availability(transaction, wanted, model.next_start(wanted.vacations, at.date()))
    await store.add_departures(transaction, [wanted.person_id])
