"""Steps 1 of the write path and of the read path: a request, and the list of those that there are."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from chassis.http import Cursor, DatabaseDep, IdempotencyKey
from chassis.problems import documented
from fastapi import APIRouter, Response

from session_service import commands, store
from session_service.answers import SessionAnswer, SessionPage
from session_service.api.common import CONCERNED, ROUTES, Employee, KeyringDep, Limit, Position, SettingsDep, tagged
from session_service.model import State
from session_service.requests import AskBody

router = APIRouter(**ROUTES)


@router.post("/sessions", tags=["sessions"], status_code=201, responses=CONCERNED)
async def ask(
    body: AskBody,
    caller: Employee,
    database: DatabaseDep,
    keyring: KeyringDep,
    settings: SettingsDep,
    response: Response,
    key: IdempotencyKey = None,
) -> SessionAnswer:
    """Ask one mentor for one session."""
    answer = await commands.ask(database, keyring, caller, body, key, settings.default_time_zone)
    response.headers["Location"] = f"/api/v1/sessions/{answer.session_id}"
    return tagged(answer, response)


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
        session = await commands.existing_for(connection, caller.person, session_id)
    return tagged(SessionAnswer.of(session, caller.person), response)
