"""Step 1 of the write path: when and where the two meet, or not at all."""

from functools import partial
from uuid import UUID

from chassis.http import DatabaseDep, IdempotencyKey
from fastapi import APIRouter, Response

from session_service import commands, model
from session_service.answers import SessionAnswer
from session_service.api.common import CONCERNED, ROUTES, Employee, SettingsDep, tagged
from session_service.commands import Repeatable
from session_service.requests import CancelBody, ScheduleBody

router = APIRouter(**ROUTES)


@router.post("/sessions/{session_id}/schedule", tags=["sessions"], responses=CONCERNED)
async def schedule(
    session_id: UUID,
    body: ScheduleBody,
    caller: Employee,
    database: DatabaseDep,
    settings: SettingsDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """Either says when and where they meet, or that it is to be otherwise."""
    step = Repeatable(step="schedule", session_id=session_id, body=body.model_dump_json())
    run = partial(
        commands.schedule, by=caller.person, session_id=session_id, body=body, template=settings.video_url_template
    )
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/cancel", tags=["sessions"], responses=CONCERNED)
async def cancel(
    session_id: UUID,
    body: CancelBody,
    caller: Employee,
    database: DatabaseDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """Either gives the accepted session up; the slot is free again."""
    step = Repeatable(step="cancel", session_id=session_id, body=body.model_dump_json())
    decide = partial(model.cancelled, by=caller.person, reason=body.reason)
    run = partial(commands.answer, session_id=session_id, decide=decide)
    return tagged(await commands.take_step(database, caller, key, step, run), response)
