"""Steps 1 of the write path and of the read path: the survey of a session, and what owners learn from it."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from chassis.auth import Caller, allow
from chassis.http import DatabaseDep
from chassis.problems import NotFound, documented
from fastapi import APIRouter, Depends

from session_service import commands, model, store
from session_service.answers import QuestionResult, SurveyAnswer, SurveyResults, TapsAnswer
from session_service.api.common import CONCERNED, ROUTES, Employee
from session_service.requests import FollowUpBody, SurveyBody

router = APIRouter(**ROUTES)
Owner = Annotated[Caller, Depends(allow("program_owner"))]


@router.post("/sessions/{session_id}/survey", tags=["surveys"], status_code=204, responses=CONCERNED)
async def answer_survey(session_id: UUID, body: SurveyBody, caller: Employee, database: DatabaseDep) -> None:
    """Did it help, and how good was it?"""
    await commands.answer_survey(database, caller.person, session_id, body)


@router.get("/sessions/{session_id}/survey", tags=["surveys"], responses=documented(404))
async def read_survey(session_id: UUID, caller: Employee, database: DatabaseDep) -> SurveyAnswer:
    """What is asked, what the caller answered, and, once it may be seen, what the other did."""
    async with database.connection() as connection:
        session = await commands.existing_for(connection, caller.person, session_id)
        found = await store.surveys(connection, session_id)
        questions = await store.survey_questions(connection, session.program_id)
    own = session.side_of(caller.person)
    taps = {side: TapsAnswer.model_validate(each) for side, each in found.items()}
    shown = model.other_is_shown(session, len(taps), datetime.now(UTC))
    other = taps.get("mentor" if own == "learner" else "learner") if shown else None
    return SurveyAnswer(own=taps.get(own), other=other, shown_from=model.shown_from(session), questions=questions)


@router.post("/sessions/{session_id}/follow-up", tags=["surveys"], status_code=204, responses=CONCERNED)
async def answer_follow_up(session_id: UUID, body: FollowUpBody, caller: Employee, database: DatabaseDep) -> None:
    """30 days later: did the learner use it?"""
    await commands.follow_up(database, caller.person, session_id, body)


@router.get("/programs/{program_id}/survey-results", tags=["surveys"], responses=documented(404))
async def read_results(program_id: UUID, caller: Owner, database: DatabaseDep) -> SurveyResults:
    """What was answered to the questions of a program's owners, for them alone, and without who answered."""
    async with database.connection() as connection:
        questions = await store.owned_survey_questions(connection, program_id, caller.person)
        if questions is None:
            raise NotFound("There is no such program among yours.", field="program_id")
        told = await store.told(connection, program_id)
    results = [QuestionResult.of(each, model.result(each, told.get(each.question_id))) for each in questions]
    return SurveyResults(questions=results)
