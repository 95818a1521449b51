"""Statements about surveys, and what program owners asked in them. Step 4 of the write path."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.base import Role
from flash_schemas.profile import SurveyQuestion

from session_service.model import SMALLEST_GROUP, Taps, Told, Used

ADD_ANSWERS = """
INSERT INTO survey_answer (session_id, side, question_id, kind, answer, answered_at)
SELECT $1, $2, question_id, q.kind, answer, $5 FROM unnest($3::uuid[], $4::text[]) AS a (question_id, answer)
JOIN jsonb_to_recordset($6) AS q (question_id uuid, kind text) USING (question_id)
"""
SURVEYS = "SELECT side, helped, rating, minutes_saved FROM survey WHERE session_id = $1"
QUESTIONS = "SELECT survey_questions FROM program WHERE program_id = $1"
OWNED_QUESTIONS = "SELECT survey_questions FROM program WHERE program_id = $1 AND $2 = ANY (owners)"
# Answers come in groups of five: who looks before and after one more answer learns nothing of it.
TOLD = """
WITH told AS (
    SELECT question_id, answer, CASE side WHEN 'learner' THEN learner_id ELSE mentor_id END AS person_id,
        row_number() OVER (PARTITION BY question_id ORDER BY a.answered_at, session_id, side) AS position,
        count(*) OVER (PARTITION BY question_id) AS total
    FROM survey_answer AS a JOIN session USING (session_id) WHERE program_id = $1 AND state = 'held'
)
SELECT question_id, count(DISTINCT person_id) AS people, array_agg(answer ORDER BY position) AS answers
FROM told WHERE position <= total - total % $2 GROUP BY question_id
"""


async def add_survey(transaction: Transaction, session_id: UUID, side: Role, taps: Taps) -> bool:
    """Keep one side's answer; False when there was one."""
    query = """INSERT INTO survey (session_id, side, helped, rating, minutes_saved) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT DO NOTHING RETURNING true"""
    return bool(await transaction.fetchval(query, session_id, side, *astuple(taps)))


async def add_answers(
    transaction: Transaction,
    session_id: UUID,
    side: Role,
    questions: Sequence[SurveyQuestion],
    answers: Sequence[tuple[UUID, str | int]],
    at: datetime,
) -> None:
    """Keep what one side answered to questions of the owners."""
    ids, texts = [question_id for question_id, _ in answers], [str(answer) for _, answer in answers]
    asked = [{"question_id": question.question_id, "kind": question.kind} for question in questions]
    await transaction.execute(ADD_ANSWERS, session_id, side, ids, texts, at, asked)


async def surveys(transaction: Transaction, session_id: UUID) -> dict[Role, Taps]:
    """What each side has answered so far."""
    rows = await transaction.fetch(SURVEYS, session_id)
    return {row["side"]: Taps(row["helped"], row["rating"], row["minutes_saved"]) for row in rows}


async def survey_questions(transaction: Transaction, program_id: UUID) -> list[SurveyQuestion]:
    """What a program's owners ask beside the two taps."""
    return _questions(await transaction.fetchval(QUESTIONS, program_id))


async def owned_survey_questions(
    transaction: Transaction, program_id: UUID, owner_id: UUID
) -> list[SurveyQuestion] | None:
    """The same for one of its owners; None when it is not theirs."""
    found = await transaction.fetchval(OWNED_QUESTIONS, program_id, owner_id)
    return None if found is None else _questions(found)


def _questions(found: Any) -> list[SurveyQuestion]:
    return [SurveyQuestion.model_validate(question, extra="ignore") for question in found or ()]


async def told(transaction: Transaction, program_id: UUID) -> Mapping[UUID, Told]:
    """All answers in a program by question, as many as make whole groups of the smallest size."""
    rows = await transaction.fetch(TOLD, program_id, SMALLEST_GROUP)
    return {row["question_id"]: Told(row["people"], row["answers"]) for row in rows}


async def add_follow_up(transaction: Transaction, session_id: UUID, used: Used) -> bool:
    """Keep whether the help was used; False when that was said."""
    query = "INSERT INTO follow_up (session_id, used) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true"
    return bool(await transaction.fetchval(query, session_id, used))
