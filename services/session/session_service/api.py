"""Step 1 of the write path, and the read path: what the two of a session may ask and do. Nobody else sees anything."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID, uuid4, uuid5

from chassis.auth import Caller, allow
from chassis.database import Database
from chassis.http import Cursor, DatabaseDep, IdempotencyKey, IfMatch, etag
from chassis.problems import NotFound, documented
from fastapi import APIRouter, Depends, Query, Response

from session_service import commands, model, store
from session_service.answers import (
    AvailabilityAnswer,
    MessageAnswer,
    MessagePage,
    RelationshipItem,
    RelationshipPage,
    SessionAnswer,
    SessionPage,
)
from session_service.commands import Repeatable
from session_service.model import State
from session_service.requests import (
    AskBody,
    AvailabilityBody,
    DeclineBody,
    HeldBody,
    MessageBody,
    ScheduleBody,
    SurveyBody,
    WishBody,
)

router = APIRouter(prefix="/api/v1", responses=documented(401, 403, 422, 503))

Employee = Annotated[Caller, Depends(allow("employee"))]
Limit = Annotated[int, Query(ge=1, le=100)]
Position = Annotated[str | None, Query(max_length=500)]
CONCERNED = documented(404, 409)


@router.post("/sessions", tags=["sessions"], status_code=201, responses=CONCERNED)
async def ask(
    body: AskBody, caller: Employee, database: DatabaseDep, response: Response, key: IdempotencyKey = None
) -> SessionAnswer:
    """Ask one mentor for one session."""
    answer = await commands.ask(database, caller, body, key)
    response.headers["Location"] = f"/api/v1/sessions/{answer.session_id}"
    return _tagged(answer, response)


@router.get("/sessions", tags=["sessions"])
async def list_sessions(
    caller: Employee,
    database: DatabaseDep,
    role: Literal["learner", "mentor", "any"] = "any",
    state: State | None = None,
    cursor: Position = None,
    limit: Limit = 20,
) -> SessionPage:
    """The caller's sessions, newest first."""
    async with database.connection() as connection:
        after = Cursor.decode(cursor, datetime, UUID)
        found = await store.sessions_of(connection, caller.person, role, state, after, limit + 1)
    items = [SessionAnswer.of(session, caller.person) for session in found[:limit]]
    last = items[-1] if len(found) > limit else None
    following = Cursor.encode(last.created_at.isoformat(), str(last.session_id)) if last else None
    return SessionPage(items=items, next_cursor=following)


@router.get("/sessions/{session_id}", tags=["sessions"], responses=documented(404))
async def read_session(session_id: UUID, caller: Employee, database: DatabaseDep, response: Response) -> SessionAnswer:
    """One session of the caller's."""
    async with database.connection() as connection:
        session = await store.session(connection, session_id)
    if session is None:
        raise NotFound
    return _tagged(SessionAnswer.of(session, caller.person), response)


@router.post("/sessions/{session_id}/accept", tags=["sessions"], responses=CONCERNED)
async def accept(
    session_id: UUID, caller: Employee, database: DatabaseDep, response: Response, key: IdempotencyKey = None
) -> SessionAnswer:
    """The mentor says yes; one slot of this month is taken."""
    step = Repeatable(step="accept", session_id=session_id)
    run = partial(commands.accept, by=caller.person, session_id=session_id)
    return _tagged(await commands.take_step(database, caller, key, step, run), response)


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
    decide = partial(model.declined, by=caller.person, reason=body.reason)
    run = partial(commands.answer, session_id=session_id, decide=decide)
    return _tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/withdraw", tags=["sessions"], responses=CONCERNED)
async def withdraw(
    session_id: UUID, caller: Employee, database: DatabaseDep, response: Response, key: IdempotencyKey = None
) -> SessionAnswer:
    """The learner takes the request back, or either gives the accepted session up."""
    step = Repeatable(step="withdraw", session_id=session_id)
    run = partial(commands.answer, session_id=session_id, decide=partial(model.withdrawn, by=caller.person))
    return _tagged(await commands.take_step(database, caller, key, step, run), response)


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
    return _tagged(await commands.take_step(database, caller, key, step, run), response)


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
    return _tagged(await commands.take_step(database, caller, key, step, run), response)


@router.post("/sessions/{session_id}/survey", tags=["sessions"], status_code=204, responses=CONCERNED)
async def answer_survey(session_id: UUID, body: SurveyBody, caller: Employee, database: DatabaseDep) -> None:
    """Did it help, and how good was it?"""
    await commands.answer_survey(database, caller.person, session_id, body)


@router.post("/sessions/{session_id}/meet-again", tags=["sessions"], status_code=204, responses=CONCERNED)
async def wish_to_meet_again(session_id: UUID, body: WishBody, caller: Employee, database: DatabaseDep) -> None:
    """Say, privately, whether to meet again. The answer is the same whatever the other said."""
    await commands.wish(database, caller.person, session_id, body.wish)


@router.post("/sessions/{session_id}/messages", tags=["messages"], status_code=201, responses=CONCERNED)
async def send_message(
    session_id: UUID, body: MessageBody, caller: Employee, database: DatabaseDep, key: IdempotencyKey = None
) -> MessageAnswer:
    """Write to the other."""
    message_id = body.message_id or (uuid5(session_id, f"{caller.subject}:{key}") if key else uuid4())
    return await commands.send(database, caller.person, session_id, message_id, body.text)


@router.get("/sessions/{session_id}/messages", tags=["messages"], responses=documented(404))
async def list_messages(
    session_id: UUID, caller: Employee, database: DatabaseDep, cursor: Position = None, limit: Limit = 50
) -> MessagePage:
    """The conversation in order."""
    (after,) = Cursor.decode(cursor, int) or (0,)
    found = await _conversation(database, session_id, caller, after, limit + 1)
    items = [MessageAnswer.model_validate(message) for message in found[:limit]]
    return MessagePage(items=items, next_cursor=Cursor.encode(items[-1].position) if len(found) > limit else None)


@router.get("/me/availability", tags=["me"])
async def read_availability(caller: Employee, database: DatabaseDep, response: Response) -> AvailabilityAnswer:
    """What the caller takes as a mentor."""
    async with database.connection() as connection:
        answer = await commands.read_availability(connection, caller.person, datetime.now(UTC))
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.put("/me/availability", tags=["me"], responses=documented(412, 428))
async def set_availability(
    body: AvailabilityBody, caller: Employee, database: DatabaseDep, expected_version: IfMatch, response: Response
) -> AvailabilityAnswer:
    """Take more, fewer or no requests; promises already made stay."""
    answer = await commands.set_availability(database, caller.person, body, expected_version)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.get("/me/relationships", tags=["me"])
async def list_relationships(caller: Employee, database: DatabaseDep) -> RelationshipPage:
    """Those whom the caller meets again."""
    async with database.connection() as connection:
        found = await store.relationships_of(connection, caller.person)
    return RelationshipPage(items=[RelationshipItem.model_validate(row) for row in found])


def _tagged(answer: SessionAnswer, response: Response) -> SessionAnswer:
    response.headers["ETag"] = etag(answer.version)
    return answer


async def _conversation(
    database: Database, session_id: UUID, caller: Caller, after: int, limit: int
) -> list[store.Message]:
    async with database.connection() as connection:
        session = await store.session(connection, session_id)
        if session is None:
            raise NotFound
        session.side_of(caller.person)
        return await store.messages(connection, session_id, after, limit)
