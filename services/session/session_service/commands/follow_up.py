"""Step 2 of the write path: meeting again."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.problems import NotFound

from session_service import model, store
from session_service.commands.steps import locked, locked_for, save
from session_service.model import Session


async def wish(database: Database, by: UUID, session_id: UUID, wish: bool) -> None:
    """Keep, privately, whether somebody wants to meet again; both wishing makes a relationship.

    Nothing in the answer depends on the other side. Raises NotFound, WrongState.
    """
    async with database.transaction() as transaction:
        session = await locked_for(transaction, by, session_id)
        side = model.check_wish(session, by)
        if await store.wish(transaction, session_id, side, wish):
            await relate(transaction, session, "both_wished", datetime.now(UTC))


async def relate(transaction: Transaction, session: Session, why: model.MadeBy, at: datetime) -> Session:
    """Say once for a pair and program that they have a relationship; two who are kept apart make none."""
    if not await store.may_meet(transaction, session.learner_id, session.mentor_id):
        return session
    if not await store.make_relationship(transaction, session, at):
        return session
    step = model.related(session, why)
    await save(transaction, step)
    return step.session


async def part(database: Database, by: UUID, program_id: UUID, other: UUID) -> None:
    """End a relationship of somebody's; both may wish for it again. Raises NotFound when there is none."""
    async with database.transaction() as transaction:
        session_id = await store.last_held(transaction, program_id, by, other)
        session = await locked(transaction, session_id) if session_id else None
        if session is None or not await store.end_relationship(transaction, program_id, by, other):
            raise NotFound
        await save(transaction, model.parted(session))
