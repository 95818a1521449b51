"""A session from the request to what came of it, by the two whom it concerns; and what nobody can do."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.http import Cursor
from flash_schemas.session import (
    AvailabilityChangedV1,
    MessageSentV1,
    RelationshipMadeV1,
    SessionCancelledV1,
    SessionExpiredV1,
    SessionWithdrawnV1,
)

from tests.integration.session.conftest import TODAY, World


async def state(world: World, by: UUID, session_id: str) -> str:
    found: str = (await world.get(by, f"/sessions/{session_id}")).json()["state"]
    return found


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
        assert await state(world, learner, session_id) in ("withdrawn", "cancelled")


async def test_the_same_ask_twice_at_the_same_moment_is_one_request(world: World) -> None:
    learner, mentor, skill = await world.person(), await world.person(), str(uuid4())
    body = world.body(mentor, skill_id=skill)
    answers = await asyncio.gather(*(world.post(learner, "/sessions", body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_repeated_ask_with_its_key_is_the_same_request(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    answers = [await world.post(learner, "/sessions", world.body(mentor), **key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await world.api.events(MessageSentV1)) == 1


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


async def test_open_requests_of_a_learner_are_limited(world: World) -> None:
    await world.program(open_requests_per_learner=2)
    learner = await world.person()
    mentors = [await world.person() for _ in range(4)]
    answers = await asyncio.gather(*(world.post(learner, "/sessions", world.body(mentor)) for mentor in mentors))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]


async def test_asking_is_refused_by_field(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    stranger = await world.person(joined=False)
    cases: dict[str, dict[str, Any]] = {
        "minutes": {"minutes": 33},
        "by_when": {"by_when": "2020-01-01"},
        "message": {"message": "   "},
        "want_to_learn": {"want_to_learn": ""},
        "format": {"format": "dinner"},
    }
    for name, values in cases.items():
        answer = await world.post(learner, "/sessions", world.body(mentor, **values))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, name)
    for nobody in (learner, stranger, uuid4()):
        answer = await world.post(learner, "/sessions", world.body(nobody))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "mentor_id")
    assert (await world.post(stranger, "/sessions", world.body(mentor))).status_code == 404


async def test_nobody_else_sees_or_touches_a_session(world: World) -> None:
    learner, mentor, other = [await world.person() for _ in range(3)]
    path = f"/sessions/{await world.asked(learner, mentor)}"
    bodies: dict[str, Any] = {
        "accept": None,
        "decline": {},
        "withdraw": None,
        "schedule": {"starts_at": "2030-01-01T12:00:00Z"},
        "held": {"held_on": str(TODAY)},
        "survey": {"helped": "no", "rating": 1},
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
    assert await state(world, learner, session_id) == "accepted"


async def test_what_cannot_be_stored_or_read_is_refused_by_name(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    nul = await world.post(learner, "/sessions", world.body(mentor, want_to_learn="a\0b"))
    assert (nul.status_code, nul.json()["errors"][0]["field"]) == (422, "want_to_learn")
    for wrong in (Cursor.encode("x", "y"), Cursor.encode(1, 2), Cursor.encode("2026-01-01")):
        answer = await world.get(learner, f"/sessions?cursor={wrong}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


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


async def test_an_unanswered_request_expires_and_cannot_be_accepted(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    async with world.api.database.connection() as connection:
        await connection.execute("UPDATE session SET expires_at = now() - interval '1 second'")
    assert (await world.post(mentor, f"/sessions/{session_id}/accept")).status_code == 409
    await world.settle()
    assert await state(world, learner, session_id) == "expired"
    assert len(await world.api.events(SessionExpiredV1)) == 1
    assert (await world.api.events(AvailabilityChangedV1))[-1][0].open_requests == 0


@pytest.mark.parametrize("gone", ["left", "on_leave"])
async def test_who_is_gone_has_nothing_open_and_is_asked_nothing(world: World, gone: str) -> None:
    learner, mentor, other = [await world.person() for _ in range(3)]
    asked, agreed = await world.asked(learner, mentor), await world.asked(other, mentor)
    await world.post(mentor, f"/sessions/{agreed}/accept")
    await world.person(mentor, status=gone)
    await world.settle()
    assert [await state(world, by, each) for by, each in ((learner, asked), (other, agreed))] == [
        "withdrawn",
        "cancelled",
    ]
    assert [event.reason for event, _ in await world.api.events(SessionWithdrawnV1)] == ["mentor_unavailable"]
    assert [event.by for event, _ in await world.api.events(SessionCancelledV1)] == ["system"]
    assert (await world.post(learner, "/sessions", world.body(mentor))).status_code == 422


async def test_asking_somebody_who_is_leaving_at_this_moment_leaves_nothing_open(world: World) -> None:
    for _ in range(5):
        learner, mentor = await world.person(), await world.person()
        answer, _ = await asyncio.gather(
            world.post(learner, "/sessions", world.body(mentor)), world.person(mentor, status="left")
        )
        await world.settle()
        if answer.status_code == 201:
            assert await state(world, learner, answer.json()["session_id"]) == "withdrawn"
        else:
            assert answer.status_code == 422


async def test_a_mentor_sets_what_they_take_and_breaks_no_promise(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await world.post(mentor, f"/sessions/{session_id}/accept")
    present = await world.get(mentor, "/me/availability")
    assert (present.json()["slots_left"], present.json()["capacity"]) == (1, None)
    signed = world.api.callers.sign_in("employee", person_id=mentor)
    url, body = "/api/v1/me/availability", {"capacity": 0}
    stale = await world.api.client.put(url, json=body, headers={**signed, "If-Match": '"999"'})
    assert stale.status_code == 412
    tag = {**signed, "If-Match": present.headers["ETag"]}
    assert (await world.api.client.put(url, json=body, headers=tag)).json()["slots_left"] == 0
    assert await state(world, mentor, session_id) == "accepted"
    assert (await world.post(await world.person(), "/sessions", world.body(mentor))).status_code == 409


async def test_sessions_are_listed_by_role_and_state_page_by_page(world: World) -> None:
    learner, mentors = await world.person(), [await world.person() for _ in range(3)]
    asked = [await world.asked(learner, mentor) for mentor in mentors]
    first = (await world.get(learner, "/sessions?limit=2")).json()
    rest = (await world.get(learner, f"/sessions?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["session_id"] for item in first["items"] + rest["items"]] == asked[::-1]
    assert (await world.get(learner, "/sessions?role=mentor")).json()["items"] == []
    assert (await world.get(learner, "/sessions?state=held")).json()["items"] == []
