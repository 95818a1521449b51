"""What owners ask after a session: each wording has an id of its own, and everybody who takes part may read it."""

from typing import Any

import pytest
from flash_schemas.profile import ProgramChangedV1

from tests.integration.profile.conftest import Company, program_body
from tests.integration.profile.program_days import owner, post
from tests.integration.profile.test_programs import create

WHERE = {"kind": "choice", "text": "Where did you meet?", "choices": ["Office", "Elsewhere"]}
CHANGE = {"kind": "text", "text": "What should we change?"}


async def test_a_question_keeps_its_id_until_it_is_put_otherwise(company: Company) -> None:
    program = await create(company, survey_questions=[WHERE, CHANGE])
    path, tag = f"/api/v1/programs/{program['program_id']}", '"1"'
    asked = [WHERE, {**CHANGE, "text": "What should we keep?"}]
    body = program_body(survey_questions=asked)
    answer = await company.api.client.put(path, json=body, headers=owner(company) | {"If-Match": tag})
    assert answer.status_code == 200, answer.text
    before, after = ([each["question_id"] for each in kept["survey_questions"]] for kept in (program, answer.json()))
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    said = [[q.text for q in event.survey_questions] for event, _ in await company.api.events(ProgramChangedV1)]
    assert said == [[WHERE["text"], CHANGE["text"]], [WHERE["text"], "What should we keep?"]]


@pytest.mark.parametrize(
    "questions",
    [
        [{**CHANGE, "choices": ["a", "b"]}],
        [{**WHERE, "choices": ["one"]}],
        [{**WHERE, "choices": ["same", "same"]}],
        [WHERE, WHERE],
        [{**CHANGE, "text": str(number)} for number in range(4)],
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused(company: Company, questions: list[Any]) -> None:
    refused = await post(company, "/programs", owner(company), program_body(survey_questions=questions), status=422)
    assert refused["errors"][0]["field"].startswith("survey_questions")
