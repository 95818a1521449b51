"""Step 1 of the write path: when the two meet, and that they did."""

from functools import partial
from uuid import UUID

from chassis.http import DatabaseDep, IdempotencyKey
from fastapi import APIRouter, Response

from session_service import commands
from session_service.answers import SessionAnswer
from session_service.api.common import CONCERNED, ROUTES, Employee, tagged
from session_service.commands import Repeatable
from session_service.requests import HeldBody, ScheduleBody

router = APIRouter(**ROUTES)


@router.post("/sessions/{session_id}/schedule", tags=["sessions"], responses=CONCERNED)
async def schedule(
    session_id: UUID,
    body: ScheduleBody,
    caller: Employee,
    database: DatabaseDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """Either says when they meet."""
    step = Repeatable(step="schedule", session_id=session_id, body=body.model_dump_json())
    run = partial(commands.schedule, by=caller.person, session_id=session_id, starts_at=body.starts_at)
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/held", tags=["sessions"], responses=CONCERNED)
async def hold(
    session_id: UUID,
    body: HeldBody,
    caller: Employee,
    database: DatabaseDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """Either says that they met."""
    step = Repeatable(step="held", session_id=session_id, body=body.model_dump_json())
    run = partial(commands.hold, by=caller.person, session_id=session_id, held_on=body.held_on)
    return tagged(await commands.take_step(database, caller, key, step, run), response)
