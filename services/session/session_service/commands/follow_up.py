"""Step 2 of the write path: two taps, and meeting again."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.problems import Conflict

from session_service import model, store
from session_service.commands.steps import locked, save
from session_service.model import Session
from session_service.requests import SurveyBody


async def answer_survey(database: Database, by: UUID, session_id: UUID, body: SurveyBody) -> None:
    """Keep one side's two taps. Raises NotFound, WrongState, Conflict for a second answer."""
    async with database.transaction() as transaction:
        session = await locked(transaction, session_id)
        step = model.surveyed(session, by, body.helped, body.rating, body.minutes_saved)
        side = session.side_of(by)
        if (await store.statements(transaction, session_id)).get(side) == "not_held":
            raise Conflict("You have said that you did not meet.")
        if not await store.add_survey(transaction, session_id, side, body.helped, body.rating, body.minutes_saved):
            raise Conflict("You have answered this survey.")
        await save(transaction, step)


async def wish(database: Database, by: UUID, session_id: UUID, wish: bool) -> None:
    """Keep, privately, whether somebody wants to meet again; both wishing makes a relationship.

    Nothing in the answer depends on the other side. Raises NotFound, WrongState.
    """
    async with database.transaction() as transaction:
        session = await locked(transaction, session_id)
        side = model.check_wish(session, by)
        if await store.wish(transaction, session_id, side, wish):
            await relate(transaction, session, "both_wished", datetime.now(UTC))


async def relate(transaction: Transaction, session: Session, why: model.MadeBy, at: datetime) -> Session:
    """Say once for a pair and program that they have a relationship."""
    if not await store.make_relationship(transaction, session, at):
        return session
    step = model.related(session, why)
    await save(transaction, step)
    return step.session
