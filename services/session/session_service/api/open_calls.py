"""Steps 1 of the write path and of the read path: calls to everybody who knows a skill."""

from uuid import UUID

from chassis.http import DatabaseDep, IdempotencyKey
from fastapi import APIRouter, Response

from session_service import commands, store
from session_service.answers import OpenCallAnswer, OpenCallPage, SessionAnswer
from session_service.api.common import CONCERNED, ROUTES, Employee, KeyringDep, tagged

router = APIRouter(**ROUTES)


@router.get("/open-calls", tags=["open-calls"])
async def list_open_calls(caller: Employee, database: DatabaseDep) -> OpenCallPage:
    """Requests that nobody said yes to yet, about what the caller knows, and that they can take now."""
    async with database.connection() as connection:
        found = await commands.calls_for(connection, caller.person)
    return OpenCallPage(items=[OpenCallAnswer.model_validate(call) for call in found])


@router.get("/me/open-calls", tags=["me"])
async def list_own_calls(caller: Employee, database: DatabaseDep) -> OpenCallPage:
    """The caller's own requests that everybody may take, newest first."""
    async with database.connection() as connection:
        found = await store.calls_of(connection, caller.person, 50)
    return OpenCallPage(items=[OpenCallAnswer.model_validate(call) for call in found])


@router.post("/open-calls/{call_id}/take", tags=["open-calls"], status_code=201, responses=CONCERNED)
async def take_open_call(
    call_id: UUID,
    caller: Employee,
    database: DatabaseDep,
    keyring: KeyringDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """Take it: one slot of this month, and the first to do so has it."""
    answer = await commands.take_call(database, keyring, caller, call_id, key)
    response.headers["Location"] = f"/api/v1/sessions/{answer.session_id}"
    return tagged(answer, response)


@router.post("/open-calls/{call_id}/withdraw", tags=["open-calls"], status_code=204, responses=CONCERNED)
async def withdraw_open_call(call_id: UUID, caller: Employee, database: DatabaseDep) -> None:
    """The learner no longer needs it."""
    await commands.withdraw_call(database, caller.person, call_id)
