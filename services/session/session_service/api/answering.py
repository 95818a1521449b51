"""Step 1 of the write path: what the two say to a request."""

from functools import partial
from uuid import UUID

from chassis.http import DatabaseDep, IdempotencyKey
from fastapi import APIRouter, Response

from session_service import commands, model
from session_service.answers import SessionAnswer
from session_service.api.common import CONCERNED, ROUTES, Employee, KeyringDep, tagged
from session_service.commands import Repeatable
from session_service.requests import AcceptBody, AgreementBody, DeclineBody, InformationBody, ProposalBody

router = APIRouter(**ROUTES)


@router.post("/sessions/{session_id}/accept", tags=["sessions"], responses=CONCERNED)
async def accept(
    session_id: UUID,
    caller: Employee,
    database: DatabaseDep,
    response: Response,
    body: AcceptBody | None = None,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """The mentor says yes, with up to three times that suit; one slot of this month is taken."""
    times = body.times if body else ()
    step = Repeatable(step="accept", session_id=session_id, body=body.model_dump_json() if body else "")
    decide = partial(model.accepted, by=caller.person, times=times)
    run = partial(commands.accept, session_id=session_id, decide=decide)
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/decline", tags=["sessions"], responses=CONCERNED)
async def decline(
    session_id: UUID,
    body: DeclineBody,
    caller: Employee,
    database: DatabaseDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """The mentor says no."""
    step = Repeatable(step="decline", session_id=session_id, body=body.model_dump_json())
    run = partial(commands.decline, by=caller.person, session_id=session_id, body=body)
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/ask-for-information", tags=["sessions"], responses=CONCERNED)
async def ask_for_information(
    session_id: UUID,
    body: InformationBody,
    caller: Employee,
    database: DatabaseDep,
    keyring: KeyringDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """The mentor asks back, once; their time stands still until the learner writes, or for 72 hours."""
    step = Repeatable(step="ask-for-information", session_id=session_id, body=body.model_dump_json())
    run = partial(
        commands.ask_for_information, keyring=keyring, by=caller.person, session_id=session_id, text=body.text
    )
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/counter-propose", tags=["sessions"], responses=CONCERNED)
async def counter(
    session_id: UUID,
    body: ProposalBody,
    caller: Employee,
    database: DatabaseDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """The mentor proposes another format, length or time, once; their time stands still meanwhile."""
    step = Repeatable(step="counter-propose", session_id=session_id, body=body.model_dump_json())
    run = partial(commands.counter, by=caller.person, session_id=session_id, proposal=body.proposal)
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/answer-proposal", tags=["sessions"], responses=CONCERNED)
async def answer_proposal(
    session_id: UUID,
    body: AgreementBody,
    caller: Employee,
    database: DatabaseDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """The learner takes what was proposed, or would rather have it as asked."""
    step = Repeatable(step="answer-proposal", session_id=session_id, body=body.model_dump_json())
    run = (
        partial(commands.accept, session_id=session_id, decide=partial(model.agreed, by=caller.person))
        if body.agreed
        else partial(commands.answer, session_id=session_id, decide=partial(model.disagreed, by=caller.person))
    )
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/withdraw", tags=["sessions"], responses=CONCERNED)
async def withdraw(
    session_id: UUID, caller: Employee, database: DatabaseDep, response: Response, key: IdempotencyKey = None
) -> SessionAnswer:
    """The learner takes the request back, or either gives the accepted session up."""
    step = Repeatable(step="withdraw", session_id=session_id)
    run = partial(commands.answer, session_id=session_id, decide=partial(model.withdrawn, by=caller.person))
    return tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/view", tags=["sessions"], responses=CONCERNED)
async def view(session_id: UUID, caller: Employee, database: DatabaseDep, response: Response) -> SessionAnswer:
    """The mentor has the request before them; the learner sees since when."""
    step = Repeatable(step="view", session_id=session_id)
    run = partial(commands.view, by=caller.person, session_id=session_id)
    return tagged(await commands.take_step(database, caller, None, step, run), response)
