"""A session from the request to what came of it, by the two whom it concerns; and what nobody can do."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from flash_schemas.session import (
    AvailabilityChangedV1,
    MessageSentV1,
    RelationshipMadeV1,
    SessionCancelledV1,
)

from tests.integration.session.conftest import TODAY, World


async def test_a_session_from_asking_to_meeting_again(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    path = f"/sessions/{session_id}"
    assert (await world.post(mentor, f"{path}/messages", {"text": "Gladly"})).status_code == 201
    assert (await world.post(mentor, f"{path}/accept")).json()["state"] == "accepted"
    later = {"starts_at": "2030-01-01T12:00:00Z"}
    assert (await world.post(learner, f"{path}/schedule", later)).status_code == 200
    assert (await world.post(mentor, f"{path}/held", {"held_on": str(TODAY)})).json()["state"] == "held"
    for by in (learner, mentor):
        assert (await world.post(by, f"{path}/survey", {"helped": "solved", "rating": 5})).status_code == 204
        assert (await world.post(by, f"{path}/meet-again", {"wish": True})).status_code == 204
    types = [event.TYPE.removeprefix("flash.").removesuffix(".v1") for event, _ in await world.api.events()]
    assert [name for name in types if name != "availability.changed"] == [
        "session.requested",
        "message.sent",
        "message.sent",
        "session.accepted",
        "session.scheduled",
        "session.held",
        "session.survey_sent",
        "session.survey_sent",
        "session.survey_answered",
        "session.survey_answered",
        "relationship.made",
    ]
    versions = [version for event, version in await world.api.events() if str(event.aggregate_id) == session_id]
    assert versions == list(range(1, len(versions) + 1))
    met = (await world.get(learner, "/me/relationships")).json()["items"]
    assert [item["person_id"] for item in met] == [str(mentor)]


@pytest.mark.parametrize("seed", range(5))
async def test_of_two_accepts_for_one_slot_exactly_one_wins(world: World, seed: int) -> None:
    await world.program(sessions_per_mentor_and_month=1)
    mentor, learners = await world.person(), [await world.person() for _ in range(2 + seed % 3)]
    asked = [await world.asked(learner, mentor) for learner in learners]
    answers = await asyncio.gather(*(world.post(mentor, f"/sessions/{each}/accept") for each in asked))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (len(asked) - 1)
    last = (await world.api.events(AvailabilityChangedV1))[-1][0]
    assert (last.slots_left, last.open_requests) == (0, len(asked) - 1)
    refused = await world.post(await world.person(), "/sessions", world.body(mentor))
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (409, "mentor_id")


async def test_a_cancelled_session_gives_its_slot_back(world: World) -> None:
    await world.program(sessions_per_mentor_and_month=1)
    mentor, one, other = await world.person(), await world.person(), await world.person()
    first, second = await world.asked(one, mentor), await world.asked(other, mentor)
    assert (await world.post(mentor, f"/sessions/{first}/accept")).status_code == 200
    assert (await world.post(mentor, f"/sessions/{second}/accept")).status_code == 409
    assert (await world.post(one, f"/sessions/{first}/withdraw")).json()["state"] == "cancelled"
    assert (await world.post(mentor, f"/sessions/{second}/accept")).status_code == 200


async def test_withdrawing_while_the_mentor_accepts_ends_in_one_of_the_two(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    for _ in range(5):
        session_id = await world.asked(learner, mentor)
        await asyncio.gather(
            world.post(mentor, f"/sessions/{session_id}/accept"),
            world.post(learner, f"/sessions/{session_id}/withdraw"),
        )
        assert await world.state(learner, session_id) in ("withdrawn", "cancelled")


async def test_a_repeated_step_with_its_key_gets_the_same_answer(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.asked(learner, mentor)}"
    for by, step, body in ((mentor, "accept", None), (learner, "held", {"held_on": str(TODAY)})):
        key = {"Idempotency-Key": f"key-{uuid4()}"}
        answers = [await world.post(by, f"{path}/{step}", body, **key) for _ in range(2)]
        assert answers[0].status_code == 200, answers[0].text
        assert answers[0].json() == answers[1].json()
        other = await world.post(by, f"{path}/withdraw", None, **key)
        assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_nobody_else_sees_or_touches_a_session(world: World) -> None:
    learner, mentor, other = [await world.person() for _ in range(3)]
    path = f"/sessions/{await world.asked(learner, mentor)}"
    bodies: dict[str, Any] = {
        "accept": None,
        "decline": {},
        "withdraw": None,
        "schedule": {"starts_at": "2030-01-01T12:00:00Z"},
        "cancel": {},
        "held": {"held_on": str(TODAY)},
        "survey": {"helped": "no", "rating": 1},
        "follow-up": {"used": "no"},
        "not-held": None,
        "solved-in-chat": None,
        "meet-again": {"wish": True},
        "messages": {"text": "x"},
    }
    for step, body in bodies.items():
        assert (await world.post(other, f"{path}/{step}", body)).status_code == 404, step
    assert (await world.get(other, path)).status_code == 404
    assert (await world.get(other, f"{path}/messages")).status_code == 404
    assert (await world.get(other, "/sessions")).json()["items"] == []


async def test_each_side_does_only_its_own_part_and_in_order(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.asked(learner, mentor)}"
    assert (await world.post(learner, f"{path}/accept")).status_code == 409
    assert (await world.post(mentor, f"{path}/withdraw")).status_code == 409
    assert (await world.post(mentor, f"{path}/held", {"held_on": str(TODAY)})).status_code == 409
    assert (await world.post(mentor, f"{path}/meet-again", {"wish": True})).status_code == 409
    assert (await world.post(mentor, f"{path}/decline", {"reason": "no_time"})).json()["state"] == "declined"
    assert (await world.post(mentor, f"{path}/accept")).status_code == 409


async def test_one_sided_wishes_show_nowhere(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.held(learner, mentor)
    before = len(await world.api.events()), (await world.get(mentor, f"/sessions/{session_id}")).json()
    answer = await world.post(learner, f"/sessions/{session_id}/meet-again", {"wish": True})
    refusal = await world.post(mentor, f"/sessions/{session_id}/meet-again", {"wish": False})
    assert (answer.status_code, answer.content) == (refusal.status_code, refusal.content) == (204, b"")
    after = len(await world.api.events()), (await world.get(mentor, f"/sessions/{session_id}")).json()
    assert after == before
    assert (await world.get(learner, "/me/relationships")).json()["items"] == []


async def test_a_second_session_makes_a_relationship_once(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    await world.held(learner, mentor)
    session_id = await world.held(mentor, learner)
    for by in (learner, mentor):
        await world.post(by, f"/sessions/{session_id}/meet-again", {"wish": True})
    made = await world.api.events(RelationshipMadeV1)
    assert [event.by for event, _ in made] == ["held_again"]


async def test_two_sessions_of_a_pair_stated_at_the_same_moment_make_a_relationship(world: World) -> None:
    for _ in range(4):
        learner, mentor = await world.person(), await world.person()
        asked = [await world.asked(learner, mentor), await world.asked(mentor, learner)]
        for session_id, by in zip(asked, (mentor, learner), strict=True):
            assert (await world.post(by, f"/sessions/{session_id}/accept")).status_code == 200
        await asyncio.gather(
            *(world.post(learner, f"/sessions/{each}/held", {"held_on": str(TODAY)}) for each in asked)
        )
        assert len((await world.get(learner, "/me/relationships")).json()["items"]) == 1


async def test_either_gives_an_accepted_session_up(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await world.post(mentor, f"/sessions/{session_id}/accept")
    assert (await world.post(mentor, f"/sessions/{session_id}/withdraw")).json()["state"] == "cancelled"
    assert [event.by for event, _ in await world.api.events(SessionCancelledV1)] == ["mentor"]
    late = await world.post(learner, f"/sessions/{session_id}/messages", {"text": "No harm done"})
    assert late.status_code == 201


async def test_what_is_left_counts_under_the_programs_limit_everywhere(world: World) -> None:
    await world.program(sessions_per_mentor_and_month=5)
    mentor = await world.person()
    for _ in range(2):
        session_id = await world.asked(await world.person(), mentor)
        await world.post(mentor, f"/sessions/{session_id}/accept")
    assert (await world.get(mentor, "/me/availability")).json()["slots_left"] == 3
    last = (await world.api.events(AvailabilityChangedV1))[-1][0]
    assert (last.capacity, last.slots_left) == (5, 3)


async def test_a_message_with_a_key_is_sent_once(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path, key = f"/sessions/{await world.asked(learner, mentor)}/messages", {"Idempotency-Key": f"key-{uuid4()}"}
    answers = [await world.post(mentor, path, {"text": "Once"}, **key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()


async def test_a_message_id_belongs_to_one_session(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    body = {"message_id": str(uuid4()), "text": "Hello"}
    for expected in (201, 409):
        path = f"/sessions/{await world.asked(learner, mentor, skill_id=str(uuid4()))}/messages"
        assert (await world.post(learner, path, body)).status_code == expected


async def test_a_session_whose_time_has_come_outlives_a_leave(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await world.post(mentor, f"/sessions/{session_id}/accept")
    async with world.api.database.connection() as connection:
        await connection.execute("UPDATE session SET starts_at = now() - interval '1 day'")
    await world.person(mentor, status="on_leave")
    await world.settle()
    assert await world.state(learner, session_id) == "accepted"


async def test_a_survey_is_answered_once_by_each(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.held(learner, mentor)}/survey"
    body = {"helped": "partly", "rating": 4, "minutes_saved": 60}
    answers = [await world.post(by, path, body) for by in (learner, learner, mentor)]
    assert [answer.status_code for answer in answers] == [204, 409, 204]


async def test_messages_are_read_in_order_and_sent_once(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.asked(learner, mentor)}/messages"
    message = {"message_id": str(uuid4()), "text": "Again?"}
    sent = [await world.post(mentor, path, message) for _ in range(2)]
    assert sent[0].json()["position"] == sent[1].json()["position"] == 2
    taken = await world.post(learner, path, {**message, "text": "other"})
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (409, "message_id")
    await world.post(mentor, path, {"text": "And again"})
    first = (await world.get(learner, f"{path}?limit=2")).json()
    rest = (await world.get(learner, f"{path}?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["text"] for item in first["items"] + rest["items"]] == ["Hello!", "Again?", "And again"]
    replies = [event.first_reply for event, _ in await world.api.events(MessageSentV1)]
    assert replies == [False, True, False]


async def test_no_event_carries_what_people_wrote(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    await world.asked(learner, mentor, message="secretword", want_to_learn="secretword", tried="secretword")
    assert all("secretword" not in event.model_dump_json() for event, _ in await world.api.events())


async def test_sessions_are_listed_by_role_and_state_page_by_page(world: World) -> None:
    learner, mentors = await world.person(), [await world.person() for _ in range(3)]
    asked = [await world.asked(learner, mentor) for mentor in mentors]
    first = (await world.get(learner, "/sessions?limit=2")).json()
    rest = (await world.get(learner, f"/sessions?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["session_id"] for item in first["items"] + rest["items"]] == asked[::-1]
    assert (await world.get(learner, "/sessions?role=mentor")).json()["items"] == []
    assert (await world.get(learner, "/sessions?state=held")).json()["items"] == []
