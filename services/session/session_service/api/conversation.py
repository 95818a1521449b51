"""Steps 1 of the write path and of the read path: writing to each other."""

from uuid import UUID, uuid4, uuid5

from chassis.http import Cursor, DatabaseDep, IdempotencyKey
from chassis.problems import documented
from fastapi import APIRouter

from session_service import commands, store
from session_service.answers import MessageAnswer, MessagePage
from session_service.api.common import CONCERNED, ROUTES, Employee, KeyringDep, Limit, Position
from session_service.requests import EditBody, MessageBody, ReadBody

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


@router.put("/sessions/{session_id}/messages/{message_id}", tags=["messages"], responses=CONCERNED)
async def edit_message(
    session_id: UUID, message_id: UUID, body: EditBody, caller: Employee, database: DatabaseDep, keyring: KeyringDep
) -> MessageAnswer:
    """Write one's own message otherwise, for 5 minutes after it was sent; it keeps its place."""
    return await commands.edit_message(database, keyring, caller.person, session_id, message_id, body.text)


@router.post("/sessions/{session_id}/read", tags=["messages"], status_code=204, responses=documented(404))
async def mark_read(session_id: UUID, body: ReadBody, caller: Employee, database: DatabaseDep) -> None:
    """Everything up to this position was read; an earlier one than before changes nothing."""
    await commands.mark_read(database, caller.person, session_id, body.position)


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
    async with database.connection() as connection:
        session = await commands.existing_for(connection, caller.person, session_id)
        found = await store.messages(connection, keyring, session_id, after, limit + 1)
        read = await store.read_positions(connection, session_id)
    items = [MessageAnswer.model_validate(message) for message in found[:limit]]
    return MessagePage(
        items=items,
        next_cursor=Cursor.encode(items[-1].position) if len(found) > limit else None,
        learner_read=read.get(session.learner_id, 0),
        mentor_read=read.get(session.mentor_id, 0),
    )
