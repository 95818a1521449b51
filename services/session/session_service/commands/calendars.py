"""Step 2 of the write path: when somebody works, where their calendar is, and what it says of their time."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from chassis.database import Database
from chassis.problems import Conflict, Refused

from session_service import metrics, model, store
from session_service.calendars import CalendarReader, CalendarUnreadable
from session_service.commands.steps import check_not_erased, existing_for
from session_service.model import LOOK_AHEAD, Hours, Interval
from session_service.notices.preferences import zone_of
from session_service.requests import CalendarBody
from session_service.sealing import Wrapped
from session_service.settings import Settings
from session_service.store import Calendar

STALE_AFTER = timedelta(days=1)
LONGEST_SESSION = timedelta(hours=4)


async def set_calendar(database: Database, reader: CalendarReader, person_id: UUID, body: CalendarBody) -> None:
    """Keep when somebody works, and the address of their calendar if it can be read there. Raises Refused, NotFound."""
    address = await _address(reader, person_id, body)
    async with database.transaction() as transaction:
        await store.lock_members(transaction, person_id)
        await check_not_erased(transaction, person_id)
        await store.set_calendar(transaction, person_id, body.hours, address)


async def _address(reader: CalendarReader, person_id: UUID, body: CalendarBody) -> Wrapped | None:
    if body.url is None:
        return None
    address = reader.sealed(body.url, person_id)
    try:
        await reader.busy(address, person_id, body.time_zone, datetime.now(UTC))
    except CalendarUnreadable:
        raise Refused("No calendar can be read at this address.", field="url") from None
    return address


async def forget_calendar(database: Database, person_id: UUID) -> None:
    """Forget when somebody works, the address of their calendar, and what it said."""
    async with database.transaction() as transaction:
        await store.forget_calendar(transaction, person_id)


async def common_slots(
    database: Database, reader: CalendarReader, settings: Settings, by: UUID, session_id: UUID
) -> tuple[list[datetime], int]:
    """Starts that suit both of a session, and its minutes. Raises NotFound, Conflict when there is nothing to agree."""
    at = datetime.now(UTC)
    async with database.connection() as connection:
        session = await existing_for(connection, by, session_id)
        both = [by, session.other(by)]
        if session.state not in ("requested", "accepted"):
            raise Conflict(f"This session is {session.state} already.")
        contacts = await store.contacts(connection, both)
        calendars = [await store.calendar(connection, person_id) for person_id in both]
        busy = await store.agreed_times(connection, both, session_id, at - LONGEST_SESSION, at + LOOK_AHEAD)
    reading = [_busy(database, reader, settings, known, at) for known in calendars if known]
    busy += [interval for intervals in await asyncio.gather(*reading) for interval in intervals]
    usual = next((known.time_zone for known in calendars if known), "UTC")
    zones = [zone_of(contacts[person_id].time_zone, usual).key for person_id in both]
    hours = [known.hours if known else Hours(zone) for known, zone in zip(calendars, zones, strict=True)]
    return model.common_slots(hours, busy, session.minutes, at), session.minutes


async def _busy(
    database: Database, reader: CalendarReader, settings: Settings, known: Calendar, at: datetime
) -> list[Interval]:
    """What a calendar says now, or said not long ago. It is read with no connection held."""
    if known.address is None or (known.fresh_until and at < known.fresh_until):
        return known.intervals
    try:
        busy = await reader.busy(known.address, known.person_id, known.time_zone, at)
    except CalendarUnreadable:
        metrics.CALENDARS_READ.labels("unreadable").inc()
        again = at + timedelta(seconds=settings.calendar_retry_s)
        async with database.transaction() as transaction:
            await store.note_unreadable(transaction, known.person_id, known.address, again, at - STALE_AFTER)
        return known.intervals if known.read_at and known.read_at > at - STALE_AFTER else []
    metrics.CALENDARS_READ.labels("read").inc()
    fresh = at + timedelta(seconds=settings.calendar_fresh_s)
    async with database.transaction() as transaction:
        await store.note_busy(transaction, known.person_id, known.address, busy, at, fresh)
    return busy
