"""Steps 1 of the write path and of the read path: people's time, and when two can meet."""

from typing import Annotated, cast
from uuid import UUID

from chassis.http import DatabaseDep
from chassis.problems import NotFound, documented
from fastapi import APIRouter, Depends, Request

from session_service import commands, store
from session_service.answers import CalendarAnswer, SlotsAnswer
from session_service.api.common import CONCERNED, ROUTES, Employee, SettingsDep
from session_service.calendars import CalendarReader
from session_service.requests import CalendarBody

router = APIRouter(**ROUTES)


def get_reader(request: Request) -> CalendarReader:
    """What reads calendars, for dependencies."""
    return cast("CalendarReader", request.app.state.calendars)


Reader = Annotated[CalendarReader, Depends(get_reader)]


@router.get("/me/calendar", tags=["me"], responses=documented(404))
async def read_calendar(caller: Employee, database: DatabaseDep) -> CalendarAnswer:
    """When the caller works, and whether a calendar is connected; not where."""
    async with database.connection() as connection:
        found = await store.calendar(connection, caller.person)
    if found is None:
        raise NotFound("You have said nothing of your time yet.")
    days = {"work_days": found.work_days, "connected": found.address is not None, "read_at": found.read_at}
    return CalendarAnswer(time_zone=found.time_zone, work_from=found.work_from, work_until=found.work_until, **days)


@router.put("/me/calendar", tags=["me"], status_code=204, responses=documented(404))
async def set_calendar(body: CalendarBody, caller: Employee, database: DatabaseDep, reader: Reader) -> None:
    """Say when you work; connect a calendar that others may read, to be offered times at which you are free."""
    await commands.set_calendar(database, reader, caller.person, body)


@router.delete("/me/calendar", tags=["me"], status_code=204)
async def forget_calendar(caller: Employee, database: DatabaseDep) -> None:
    """Forget all of it."""
    await commands.forget_calendar(database, caller.person)


@router.get("/sessions/{session_id}/slots", tags=["sessions"], responses=CONCERNED)
async def read_slots(
    session_id: UUID, caller: Employee, database: DatabaseDep, reader: Reader, settings: SettingsDep
) -> SlotsAnswer:
    """When both work and are free in the next two weeks."""
    starts_at, minutes = await commands.common_slots(database, reader, settings, caller.person, session_id)
    return SlotsAnswer(minutes=minutes, starts_at=starts_at)
