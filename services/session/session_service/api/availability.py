"""Steps 1 of the write path and of the read path: what a mentor takes."""

from datetime import UTC, datetime

from chassis.http import DatabaseDep, IfMatch, etag
from chassis.problems import documented
from fastapi import APIRouter, Response

from session_service import commands
from session_service.answers import AvailabilityAnswer
from session_service.api.common import ROUTES, Employee
from session_service.requests import AvailabilityBody

router = APIRouter(**ROUTES)


@router.get("/me/availability", tags=["me"])
async def read_availability(caller: Employee, database: DatabaseDep, response: Response) -> AvailabilityAnswer:
    """What the caller takes as a mentor."""
    async with database.connection() as connection:
        answer = await commands.read_availability(connection, caller.person, datetime.now(UTC))
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.put("/me/availability", tags=["me"], responses=documented(404, 412, 428))
async def set_availability(
    body: AvailabilityBody, caller: Employee, database: DatabaseDep, expected_version: IfMatch, response: Response
) -> AvailabilityAnswer:
    """Take more, fewer or no requests; promises already made stay. With none, what waits ends and is passed on."""
    answer = await commands.set_availability(database, caller.person, body, expected_version)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.post("/me/availability/return", tags=["me"])
async def come_back(caller: Employee, database: DatabaseDep, response: Response) -> AvailabilityAnswer:
    """Take requests again, with one tap, whatever the pause was for."""
    answer = await commands.come_back(database, caller.person)
    response.headers["ETag"] = etag(answer.version)
    return answer
