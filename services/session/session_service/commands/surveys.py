"""Step 2 of the write path: the survey after a session, and whether it was of use."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database
from chassis.problems import Conflict

from session_service import model, store
from session_service.commands.steps import check_not_erased, locked, save
from session_service.requests import FollowUpBody, SurveyBody


async def answer_survey(database: Database, by: UUID, session_id: UUID, body: SurveyBody) -> None:
    """Keep one side's two taps and what owners asked beside. Raises NotFound, WrongState, Refused, Conflict."""
    async with database.transaction() as transaction:
        session, at = await locked(transaction, session_id), datetime.now(UTC)
        step = model.surveyed(session, by, body.taps)
        side = session.side_of(by)
        await check_not_erased(transaction, by)
        if (await store.statements(transaction, session_id)).get(side) == "not_held":
            raise Conflict("You have said that you did not meet.")
        questions = await store.survey_questions(transaction, session.program_id)
        model.check_answers(questions, body.pairs)
        if not await store.add_survey(transaction, session_id, side, body.taps):
            raise Conflict("You have answered this survey.")
        await store.add_answers(transaction, session_id, side, questions, body.pairs, at)
        await store.state(transaction, session_id, side, "held", at)
        await save(transaction, step)


async def follow_up(database: Database, by: UUID, session_id: UUID, body: FollowUpBody) -> None:
    """Keep whether the learner used it. Raises NotFound, WrongState, Conflict for a second answer."""
    async with database.transaction() as transaction:
        session = await locked(transaction, session_id)
        step = model.followed_up(session, by, body.used, datetime.now(UTC))
        if not await store.add_follow_up(transaction, session_id, body.used):
            raise Conflict("You have said whether you used it.")
        await save(transaction, step)
