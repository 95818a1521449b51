"""What both say after a session: blind at first, beside what owners ask; and whether it was of use."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.profile import SurveyQuestion
from flash_schemas.session import FollowUpAnsweredV1
from session_service.erasure import erase

from tests.integration.session.conftest import World

TAPS = {"helped": "solved", "rating": 5, "minutes_saved": 30}
WHERE = SurveyQuestion(question_id=uuid4(), kind="choice", text="Where?", choices=("Office", "Elsewhere"))
EASY = SurveyQuestion(question_id=uuid4(), kind="scale", text="How easy was it?")
CHANGE = SurveyQuestion(question_id=uuid4(), kind="text", text="What should we change?")
QUESTIONS = (WHERE, EASY, CHANGE)


def answers(**given: Any) -> dict[str, Any]:
    """Two taps and answers to questions by their kind."""
    asked: dict[str, str] = {question.kind: str(question.question_id) for question in QUESTIONS}
    return {**TAPS, "answers": [{"question_id": asked[kind], "answer": answer} for kind, answer in given.items()]}


async def aged(world: World, session_id: str, by: timedelta) -> None:
    """Some time has passed since the session ended."""
    async with world.api.database.connection() as connection:
        query = "UPDATE session SET ended_at = ended_at - $2::interval WHERE session_id = $1"
        await connection.execute(query, UUID(session_id), by)


async def results(world: World) -> list[Any]:
    owner = world.api.callers.sign_in("program_owner", person_id=world.owner_id)
    path = f"/api/v1/programs/{world.program_id}/survey-results"
    answer = await world.api.client.get(path, headers=owner)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["questions"]
    return found


async def test_neither_sees_the_others_answer_before_both_have_answered(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.held(learner, mentor)}/survey"
    blind = (await world.get(mentor, path)).json()
    assert (await world.post(learner, path, TAPS)).status_code == 204
    assert (await world.get(mentor, path)).json() == blind, "not even that there is one"
    assert (await world.get(learner, path)).json()["own"] == TAPS
    other = {**TAPS, "helped": "partly"}
    assert (await world.post(mentor, path, other)).status_code == 204
    assert (await world.get(learner, path)).json()["other"] == other
    assert (await world.get(mentor, path)).json()["other"] == TAPS


async def test_after_seven_days_one_answer_is_shown_without_the_other(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.held(learner, mentor)
    await world.post(learner, f"/sessions/{session_id}/survey", TAPS)
    await aged(world, session_id, timedelta(days=6, hours=23))
    assert (await world.get(mentor, f"/sessions/{session_id}/survey")).json()["other"] is None
    await aged(world, session_id, timedelta(hours=2))
    assert (await world.get(mentor, f"/sessions/{session_id}/survey")).json()["other"] == TAPS
    assert (await world.get(await world.person(), f"/sessions/{session_id}/survey")).status_code == 404


async def test_the_survey_shows_what_owners_ask_and_answering_says_that_they_met(world: World) -> None:
    await world.program(questions=QUESTIONS)
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.held(learner, mentor)}"
    asked = (await world.get(mentor, f"{path}/survey")).json()["questions"]
    assert [question["text"] for question in asked] == [question.text for question in QUESTIONS]
    assert (await world.post(mentor, f"{path}/survey", answers(scale=4, text="More lunches"))).status_code == 204
    assert (await world.get(learner, f"{path}/statements")).json() == {"learner": "held", "mentor": "held"}
    assert all("lunches" not in event.model_dump_json() for event, _ in await world.api.events())
    own = (await world.get(mentor, "/me/sessions/export")).json()["answers"]
    assert sorted(each["answer"] for each in own) == ["4", "More lunches"]
    assert (await world.get(learner, "/me/sessions/export")).json()["answers"] == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"choice": "At home"}, "answers[0].answer"),
        ({"choice": 1}, "answers[0].answer"),
        ({"text": "x", "scale": "4"}, "answers[1].answer"),
        ({"text": "  "}, "answers[0].answer"),
        ({"text": 5}, "answers[0].answer"),
    ],
)
async def test_what_does_not_answer_the_question_is_refused_by_field(
    world: World, given: dict[str, Any], field: str
) -> None:
    await world.program(questions=QUESTIONS)
    path = f"/sessions/{await world.held(await world.person(), learner := await world.person())}/survey"
    refused = await world.post(learner, path, answers(**given))
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert (await world.get(learner, path)).json()["own"] is None


async def test_what_is_not_asked_any_more_is_refused(world: World) -> None:
    await world.program(questions=[WHERE])
    path = f"/sessions/{await world.held(await world.person(), mentor := await world.person())}/survey"
    refused = await world.post(mentor, path, answers(scale=4))
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "answers[0].question_id")
    twice = {**TAPS, "answers": [{"question_id": str(WHERE.question_id), "answer": "Office"}] * 2}
    assert (await world.post(mentor, path, twice)).json()["errors"][0]["field"] == "answers[1].question_id"


async def test_owners_see_results_from_five_people_on_in_steps_of_five_and_without_names(world: World) -> None:
    await world.program(questions=QUESTIONS)
    mentor = await world.person()
    for number in range(11):
        if number % 5 == 4:
            assert all(each["state"] == ("suppressed" if number < 5 else "value") for each in await results(world))
        session_id = await world.held(learner := await world.person(), mentor if number < 1 else await world.person())
        body = answers(choice="Office", scale=1 + number % 2, text=f"Text {10 - number:02}")
        assert (await world.post(learner, f"/sessions/{session_id}/survey", body)).status_code == 204
        if number == 5:
            assert [each["answers"] for each in await results(world)] == [5, 5, 5], "the sixth alone shows nothing"
    where, easy, change = await results(world)
    assert where["counts"] == {"Office": 10, "Elsewhere": 0}
    assert easy["counts"] == {"1": 5, "2": 5, "3": 0, "4": 0, "5": 0}
    assert change["texts"] == [f"Text {number:02}" for number in range(1, 11)]
    assert str(learner) not in str(await results(world))


async def test_five_answers_of_fewer_people_show_nothing(world: World) -> None:
    await world.program(questions=[WHERE], sessions_per_mentor_and_month=50)
    learners, mentor = [await world.person() for _ in range(4)], await world.person()
    for number in range(5):
        session_id = await world.held(learner := learners[number % 4], mentor)
        await world.post(learner, f"/sessions/{session_id}/survey", answers(choice="Office"))
    assert [each["state"] for each in await results(world)] == ["suppressed"]


async def test_results_are_for_the_owners_of_the_program_alone(world: World) -> None:
    await world.program(questions=QUESTIONS)
    path = f"/api/v1/programs/{world.program_id}/survey-results"
    for roles, expected in ((("program_owner",), 404), (("employee",), 403), (("operator", "hr_platform"), 403)):
        headers = world.api.callers.sign_in(*roles, person_id=uuid4())
        assert (await world.api.client.get(path, headers=headers)).status_code == expected


async def test_a_text_of_who_is_forgotten_is_gone_and_the_marks_stay(world: World) -> None:
    await world.program(questions=QUESTIONS)
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.held(learner, mentor)}"
    await world.post(learner, f"{path}/survey", answers(scale=4, text="I, Nadia"))
    await world.post(mentor, f"{path}/survey", answers(text="I, the mentor"))
    request = ErasureRequestedV1(person_id=learner, reason="own_request", profile_version=9)
    async with world.api.database.transaction() as transaction:
        await erase(transaction, request)
        left = await transaction.fetch("SELECT answer FROM survey_answer ORDER BY answer")
        said = await transaction.fetch("SELECT side FROM statement")
    assert [row["answer"] for row in left] == ["4", "I, the mentor"]
    assert [row["side"] for row in said] == ["mentor"]


async def test_thirty_days_later_the_learner_says_once_whether_it_was_of_use(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.held(learner, mentor)
    path, body = f"/sessions/{session_id}/follow-up", {"used": "partly"}
    assert (await world.post(learner, path, body)).status_code == 409
    await aged(world, session_id, timedelta(days=30))
    assert (await world.post(mentor, path, body)).status_code == 409
    answers = [(await world.post(learner, path, body)).status_code for _ in range(2)]
    assert answers == [204, 409]
    assert [event.used for event, _ in await world.api.events(FollowUpAnsweredV1)] == ["partly"]
    assert (await world.get(learner, "/me/sessions/export")).json()["follow_ups"][0]["used"] == "partly"


async def test_who_was_not_helped_is_not_asked(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await world.post(mentor, f"/sessions/{session_id}/decline", {})
    await aged(world, session_id, timedelta(days=31))
    assert (await world.post(learner, f"/sessions/{session_id}/follow-up", {"used": "no"})).status_code == 409
