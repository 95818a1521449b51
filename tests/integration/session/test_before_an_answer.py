"""Before an answer: drafts, what a learner may expect, and a request that is changed while it waits."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_schemas.session import AvailabilityChangedV1

from tests.integration.session.conftest import TODAY, World

CARD = {"want_to_learn": "Charts", "tried": "the manual", "format": "call", "minutes": 15}
ANSWERED = """
UPDATE session SET created_at = created_at - make_interval(hours => $2),
    first_answer_at = CASE WHEN state = 'expired' THEN NULL ELSE first_answer_at END WHERE session_id = $1
"""


async def test_a_card_is_changed_while_the_two_write_to_each_other(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.asked(learner, mentor)}"
    seen = (await world.get(learner, path)).headers["ETag"]
    assert (await world.post(mentor, f"{path}/messages", {"text": "What for?"})).status_code == 201
    edited = await world.call(learner, "PUT", f"{path}/card", {**CARD, "by_when": str(TODAY)}, seen)
    assert edited.status_code == 200, edited.text
    shown = (await world.get(mentor, path)).json()
    assert {name: shown[name] for name in CARD} == CARD
    assert shown["expires_at"].startswith(str(TODAY))
    stale = await world.call(learner, "PUT", f"{path}/card", CARD, seen)
    assert stale.status_code == 412, "the card of then is not the card of now"
    assert (await world.call(learner, "PUT", f"{path}/card", CARD)).status_code == 428


async def test_a_card_is_changed_by_its_learner_alone_and_only_until_an_answer(world: World) -> None:
    learner, mentor, stranger = [await world.person() for _ in range(3)]
    path = f"/sessions/{await world.asked(learner, mentor)}"
    tag = (await world.get(learner, path)).headers["ETag"]
    assert (await world.call(mentor, "PUT", f"{path}/card", CARD, tag)).status_code == 409
    assert (await world.call(stranger, "PUT", f"{path}/card", CARD, tag)).status_code == 404
    for name, value in (("minutes", 33), ("by_when", "2020-01-01"), ("want_to_learn", " ")):
        refused = await world.call(learner, "PUT", f"{path}/card", {**CARD, name: value}, tag)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, name)
    assert (await world.post(mentor, f"{path}/accept")).status_code == 200
    tag = (await world.get(learner, path)).headers["ETag"]
    assert (await world.call(learner, "PUT", f"{path}/card", CARD, tag)).status_code == 409


async def test_a_duplicate_is_refused_and_names_the_open_request(world: World) -> None:
    learner, mentor, skill = await world.person(), await world.person(), str(uuid4())
    session_id = await world.asked(learner, mentor, skill_id=skill)
    again = await world.post(learner, "/sessions", world.body(mentor, skill_id=skill))
    assert (again.status_code, again.json()["open_request"]) == (409, session_id)
    other = await world.asked(learner, mentor)
    tag = (await world.get(learner, f"/sessions/{other}")).headers["ETag"]
    edited = await world.call(learner, "PUT", f"/sessions/{other}/card", {**CARD, "skill_id": skill}, tag)
    assert (edited.status_code, edited.json()["open_request"]) == (409, session_id)
    assert (await world.post(learner, f"/sessions/{session_id}/withdraw")).status_code == 200
    assert (await world.call(learner, "PUT", f"/sessions/{other}/card", {**CARD, "skill_id": skill}, tag)).is_success


async def test_editing_while_the_mentor_accepts_ends_in_one_order_or_the_other(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    await world.program(sessions_per_mentor_and_month=9)
    for _ in range(4):
        path = f"/sessions/{await world.asked(learner, mentor)}"
        tag = (await world.get(learner, path)).headers["ETag"]
        edited, accepted = await asyncio.gather(
            world.call(learner, "PUT", f"{path}/card", CARD, tag), world.post(mentor, f"{path}/accept")
        )
        assert accepted.status_code == 200
        assert accepted.json()["want_to_learn"] == ("Charts" if edited.status_code == 200 else "Reports")


async def test_a_draft_is_kept_until_it_is_sent_and_nobody_else_sees_it(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    added = await world.post(learner, "/me/drafts", {"want_to_learn": "Rep"})
    path = f"/me/drafts/{added.json()['draft_id']}"
    changed = await world.call(learner, "PUT", path, {"want_to_learn": "Reports"}, added.headers["ETag"])
    assert changed.json()["want_to_learn"] == "Reports"
    assert (await world.call(learner, "PUT", path, {}, added.headers["ETag"])).status_code == 412
    assert (await world.call(mentor, "PUT", path, {}, changed.headers["ETag"])).status_code == 404
    assert (await world.call(mentor, "DELETE", path)).status_code == 404
    assert (await world.get(mentor, "/me/drafts")).json()["items"] == []
    await world.asked(learner, mentor, draft_id=added.json()["draft_id"])
    assert (await world.get(learner, "/me/drafts")).json()["items"] == []


async def test_drafts_are_limited_and_deleted(world: World) -> None:
    learner = await world.person()
    for _ in range(20):
        assert (await world.post(learner, "/me/drafts", {})).status_code == 201
    assert (await world.post(learner, "/me/drafts", {})).status_code == 409
    drafts = (await world.get(learner, "/me/drafts")).json()["items"]
    assert (await world.call(learner, "DELETE", f"/me/drafts/{drafts[0]['draft_id']}")).status_code == 204
    assert (await world.post(learner, "/me/drafts", {})).status_code == 201
    assert len((await world.get(learner, "/me/sessions/export")).json()["drafts"]) == 20


async def expectation(world: World, by: UUID, mentor: UUID, **query: Any) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in {"program_id": world.program_id, **query}.items())
    return await world.get(by, f"/mentors/{mentor}/expectation?{asked}")


@pytest.mark.parametrize(
    ("hours", "band"),
    [((1, 2), "unknown"), ((1, 2, 60), "within_a_day"), ((1, 60, 70), "within_three_days"), ((60, 80, 90), "longer")],
)
async def test_the_usual_time_to_answer_comes_from_the_answers_so_far(
    world: World, hours: tuple[int, ...], band: str
) -> None:
    mentor = await world.person()
    await world.program(sessions_per_mentor_and_month=9)
    for each in hours:
        session_id = await world.asked(await world.person(), mentor)
        await world.post(mentor, f"/sessions/{session_id}/decline", {})
        await world.execute(ANSWERED, UUID(session_id), each)
    await world.asked(await world.person(), mentor)
    assert (await expectation(world, await world.person(), mentor)).json()["answer_time_band"] == band
    assert (await world.api.events(AvailabilityChangedV1))[-1][0].answer_time_band == band


async def test_silence_counts_as_the_longest_time(world: World) -> None:
    mentor = await world.person()
    for _ in range(3):
        await world.asked(await world.person(), mentor)
    await world.execute("UPDATE session SET expires_at = now() - interval '1 second'")
    await world.settle()
    assert (await expectation(world, await world.person(), mentor)).json()["answer_time_band"] == "longer"


async def test_a_learner_sees_what_is_left_and_how_many_needs_were_helped(world: World) -> None:
    await world.program(sessions_per_mentor_and_month=3)
    learner, mentor, skill = await world.person(), await world.person(), str(uuid4())
    session_id = await world.asked(learner, mentor, skill_id=skill)
    await world.post(mentor, f"/sessions/{session_id}/accept")
    await world.post(learner, f"/sessions/{session_id}/held", {"held_on": str(TODAY)})
    survey = {"helped": "partly", "rating": 4}
    await world.post(learner, f"/sessions/{session_id}/survey", survey)
    assert (await expectation(world, learner, mentor, skill_id=skill)).json()["helped"] == 0, "both have not answered"
    await world.post(mentor, f"/sessions/{session_id}/survey", survey)
    told = (await expectation(world, learner, mentor, skill_id=skill)).json()
    assert (told["slots_left"], told["helped"], told["takes_requests"]) == (2, 1, True)
    assert (await expectation(world, learner, mentor, skill_id=uuid4())).json()["helped"] == 0
    await world.person(mentor, paused_until={"mentor": TODAY + timedelta(days=1)})
    assert (await expectation(world, learner, mentor)).json()["takes_requests"] is False


async def test_nobody_learns_what_to_expect_of_who_is_no_mentor_there(world: World) -> None:
    learner, stranger = await world.person(), await world.person(joined=False)
    for by, about in ((learner, stranger), (stranger, learner), (learner, learner), (learner, uuid4())):
        assert (await expectation(world, by, about)).status_code == 404
