"""Steps 1 of the write path and of the read path: writing to each other."""

from uuid import UUID, uuid4, uuid5

from chassis.auth import Caller
from chassis.database import Database
from chassis.http import Cursor, DatabaseDep, IdempotencyKey
from chassis.problems import NotFound, documented
from fastapi import APIRouter

from session_service import commands, store
from session_service.answers import MessageAnswer, MessagePage
from session_service.api.common import CONCERNED, ROUTES, Employee, KeyringDep, Limit, Position
from session_service.requests import MessageBody
from session_service.sealing import Keyring

router = APIRouter(**ROUTES)


@router.post("/sessions/{session_id}/messages", tags=["messages"], status_code=201, responses=CONCERNED)
async def send_message(
    session_id: UUID,
    body: MessageBody,
    caller: Employee,
    database: DatabaseDep,
    keyring: KeyringDep,
    key: IdempotencyKey = None,
) -> MessageAnswer:
    """Write to the other."""
    message_id = body.message_id or (uuid5(session_id, f"{caller.subject}:{key}") if key else uuid4())
    return await commands.send(database, keyring, caller.person, session_id, message_id, body.text)


@router.get("/sessions/{session_id}/messages", tags=["messages"], responses=documented(404))
async def list_messages(
    session_id: UUID,
    caller: Employee,
    database: DatabaseDep,
    keyring: KeyringDep,
    cursor: Position = None,
    limit: Limit = 50,
) -> MessagePage:
    """The conversation in order."""
    (after,) = Cursor.decode(cursor, int) or (0,)
    found = await _conversation(database, keyring, session_id, caller, after, limit + 1)
    items = [MessageAnswer.model_validate(message) for message in found[:limit]]
    return MessagePage(items=items, next_cursor=Cursor.encode(items[-1].position) if len(found) > limit else None)


async def _conversation(
    database: Database, keyring: Keyring, session_id: UUID, caller: Caller, after: int, limit: int
) -> list[store.Message]:
    async with database.connection() as connection:
        session = await store.session(connection, session_id)
        if session is None:
            raise NotFound
        session.side_of(caller.person)
        return await store.messages(connection, keyring, session_id, after, limit)
