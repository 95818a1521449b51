"""Steps 1 of the write path and of the read path: when and where the two meet, or not at all."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from chassis.http import DatabaseDep, IdempotencyKey
from chassis.problems import Conflict
from fastapi import APIRouter, Response

from session_service import commands, model
from session_service.answers import SessionAnswer
from session_service.api.common import CONCERNED, ROUTES, Employee, SettingsDep, tagged
from session_service.commands import Repeatable
from session_service.invitations import Guest, invitation
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
    await commands.keep_apart(database, caller.person, session_id)
    step = Repeatable(step="schedule", session_id=session_id, body=body.model_dump_json())
    run = partial(
        commands.schedule, by=caller.person, session_id=session_id, body=body, template=settings.video_url_template
    )
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.get(
    "/sessions/{session_id}/invitation.ics",
    tags=["sessions"],
    response_class=Response,
    responses={**CONCERNED, 200: {"content": {"text/calendar": {}}, "description": "An iTIP message."}},
)
async def read_invitation(session_id: UUID, caller: Employee, database: DatabaseDep, settings: SettingsDep) -> Response:
    """The appointment for a calendar: to be taken, or, when it was given up, to be removed."""
    async with database.connection() as connection:
        session = await commands.existing_for(connection, caller.person, session_id)
    guests = [Guest.unnamed(person_id) for person_id in (session.learner_id, session.mentor_id)]
    found = invitation(session, settings.invitation_organizer, guests, datetime.now(UTC))
    if found is None:
        raise Conflict("No time is agreed yet.")
    return Response(found.content, headers={"Content-Type": found.media_type, "Cache-Control": "private, no-cache"})


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
