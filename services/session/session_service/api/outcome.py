"""Steps 1 of the write path and of the read path: whether the two met, as each of them says."""

from functools import partial
from uuid import UUID

from chassis.http import DatabaseDep, IdempotencyKey
from chassis.problems import documented
from fastapi import APIRouter, Response

from session_service import commands, model, store
from session_service.answers import SessionAnswer, StatementsAnswer
from session_service.api.common import CONCERNED, ROUTES, Employee, tagged
from session_service.commands import Repeatable
from session_service.requests import HeldBody

router = APIRouter(**ROUTES)


@router.post("/sessions/{session_id}/held", tags=["sessions"], responses=CONCERNED)
async def hold(
    session_id: UUID,
    body: HeldBody,
    caller: Employee,
    database: DatabaseDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """Either says that they met. The other may say so, too, or object."""
    step = Repeatable(step="held", session_id=session_id, body=body.model_dump_json())
    run = partial(commands.hold, by=caller.person, session_id=session_id, held_on=body.held_on)
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/not-held", tags=["sessions"], responses=CONCERNED)
async def miss(
    session_id: UUID, caller: Employee, database: DatabaseDep, response: Response, key: IdempotencyKey = None
) -> SessionAnswer:
    """Either says that they did not meet. It holds once the other says so, too, or nothing within 7 days."""
    step = Repeatable(step="not-held", session_id=session_id)
    run = partial(commands.miss, by=caller.person, session_id=session_id)
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/solved-in-chat", tags=["sessions"], responses=CONCERNED)
async def solve_in_chat(
    session_id: UUID, caller: Employee, database: DatabaseDep, response: Response, key: IdempotencyKey = None
) -> SessionAnswer:
    """The learner says that the messages were help enough; nobody needs to meet."""
    step = Repeatable(step="solved-in-chat", session_id=session_id)
    run = partial(commands.answer, session_id=session_id, decide=partial(model.solved_in_chat, by=caller.person))
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.get("/sessions/{session_id}/statements", tags=["sessions"], responses=documented(404))
async def read_statements(session_id: UUID, caller: Employee, database: DatabaseDep) -> StatementsAnswer:
    """What each of the two said on whether they met; nobody else sees it."""
    async with database.connection() as connection:
        await commands.existing_for(connection, caller.person, session_id)
        return StatementsAnswer.model_validate(await store.statements(connection, session_id))
