"""Answers beside a plain yes and no: times, a colleague, a pause, a question back, another proposal, one tap."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_schemas.session import (
    SessionAcceptedV1,
    SessionCounterProposedV1,
    SessionDeclinedV1,
    SessionMoreInformationAskedV1,
    SessionViewedV1,
)
from session_service import model, one_tap, store
from session_service.commands import accept
from session_service.model import Session

from tests.integration.session.conftest import TODAY, World
from tests.support.apis import LINK_KEY

LATER = [f"2030-01-0{day}T12:00:00Z" for day in (1, 2, 3)]


async def ask(world: World, **values: Any) -> tuple[UUID, UUID, str]:
    """A learner, a mentor, and the path of a request between them."""
    learner, mentor = await world.person(), await world.person()
    return learner, mentor, f"/sessions/{await world.asked(learner, mentor, **values)}"


async def stored(world: World, path: str) -> Session:
    async with world.api.database.connection() as connection:
        session = await store.session(connection, UUID(path.removeprefix("/sessions/")))
    assert session
    return session


async def test_a_yes_comes_with_up_to_three_times_or_with_let_us_chat(world: World) -> None:
    learner, mentor, path = await ask(world)
    too_late, no_longer = ["9999-12-31T23:00:00-05:00"], ["2020-01-01T12:00:00Z"]
    for times in (no_longer, too_late, [*LATER, "2030-01-04T12:00:00Z"]):
        refused = await world.post(mentor, f"{path}/accept", {"times": times})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "times")
    assert (await world.post(mentor, f"{path}/accept", {"times": LATER[::-1]})).json()["proposed_times"] == LATER
    assert (await world.post(learner, f"{path}/schedule", {"starts_at": LATER[1]})).status_code == 200
    _, other, chat = await ask(world)
    assert (await world.post(other, f"{chat}/accept", {"times": []})).json()["proposed_times"] is None


async def statements_of_an_accept(world: World, mentor: UUID) -> list[str]:
    """What the database is asked for one yes, beside what a new connection wants to know of types."""
    session_id, asked = UUID(await world.asked(await world.person(), mentor)), list[str]()
    async with world.api.database.transaction() as transaction:
        with transaction.query_logger(lambda record: asked.append(record.query)):
            await accept(transaction, session_id, partial(model.accepted, by=mentor))
    return [query for query in asked if "jit" not in query and "typeinfo" not in query]


async def test_a_yes_takes_the_same_few_statements_whatever_went_before(world: World) -> None:
    await world.program(sessions_per_mentor_and_month=9)
    new, known = await world.person(), await world.person()
    for _ in range(4):
        await world.held(await world.person(), known)
        await world.asked(await world.person(), known)
    first, later = [await statements_of_an_accept(world, mentor) for mentor in (new, known)]
    assert first == later
    assert len(first) <= 13


async def test_a_no_may_name_a_colleague_and_begin_a_pause(world: World) -> None:
    learner, mentor, path = await ask(world)
    colleague, stranger = await world.person(), await world.person(joined=False)
    tomorrow = TODAY + timedelta(days=1)
    for name, value in [("suggested_id", each) for each in (stranger, mentor, learner)] + [("pause_until", TODAY)]:
        refused = await world.post(mentor, f"{path}/decline", {name: str(value)})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, name)
    body = {"reason": "no_time", "suggested_id": str(colleague), "pause_until": str(tomorrow)}
    declined = await world.post(mentor, f"{path}/decline", body)
    assert (declined.json()["state"], declined.json()["suggested_id"]) == ("declined", str(colleague))
    assert (await world.get(mentor, "/me/availability")).json()["paused_until"] == str(tomorrow)
    assert (await world.post(learner, "/sessions", world.body(mentor))).status_code == 409
    assert [event.reason for event, _ in await world.api.events(SessionDeclinedV1)] == ["no_time"]


async def test_a_question_stops_the_clock_once_and_the_reply_starts_it_again(world: World) -> None:
    learner, mentor, path = await ask(world)
    before = await stored(world, path)
    asked = await world.post(mentor, f"{path}/ask-for-information", {"text": "Which tool?"})
    assert (asked.json()["information"], asked.json()["state"]) == ("asked", "requested")
    during = await stored(world, path)
    assert during.expires_at > before.expires_at + timedelta(hours=71), "the learner has time, too"
    assert during.remind_at is None
    assert (await world.post(mentor, f"{path}/ask-for-information", {"text": "And?"})).status_code == 409
    await world.post(mentor, f"{path}/messages", {"text": "No hurry"})
    assert (await stored(world, path)).clock_stopped_at, "only the learner's word is a reply"
    await world.execute("UPDATE session SET clock_stopped_at = clock_stopped_at - interval '2 hours'")
    await world.post(learner, f"{path}/messages", {"text": "Tables"})
    after = await stored(world, path)
    assert (after.information, after.clock_stopped_at) == ("given", None)
    late = after.expires_at - before.expires_at - timedelta(hours=2)
    assert abs(late) < timedelta(minutes=1), "the time that was left runs on"
    assert after.remind_at
    assert (await world.post(mentor, f"{path}/ask-for-information", {"text": "And?"})).status_code == 409
    assert len(await world.api.events(SessionMoreInformationAskedV1)) == 1
    told = (await world.get(learner, f"{path}/messages")).json()["items"]
    assert [item["text"] for item in told] == ["Hello!", "Which tool?", "No hurry", "Tables"]


async def test_a_learner_who_never_replies_lets_the_request_expire(world: World) -> None:
    learner, mentor, path = await ask(world)
    await world.post(mentor, f"{path}/ask-for-information", {"text": "Which tool?"})
    await world.execute("UPDATE session SET expires_at = now() - interval '1 second'")
    await world.settle()
    assert (await world.get(learner, path)).json()["state"] == "expired"


async def test_a_proposal_is_taken_with_its_times_and_a_slot(world: World) -> None:
    learner, mentor, path = await ask(world)
    proposal = {"format": "chat", "minutes": 15, "times": LATER[:2]}
    countered = await world.post(mentor, f"{path}/counter-propose", proposal)
    assert countered.json()["proposal"] == {**proposal, "answer": None}
    assert (await world.post(mentor, f"{path}/answer-proposal", {"agreed": True})).status_code == 409
    agreed = (await world.post(learner, f"{path}/answer-proposal", {"agreed": True})).json()
    assert {name: agreed[name] for name in ("state", "format", "minutes", "proposed_times")} == {
        "state": "accepted",
        "format": "chat",
        "minutes": 15,
        "proposed_times": LATER[:2],
    }
    assert (await world.get(mentor, "/me/availability")).json()["slots_left"] == 1
    said = [event for event, _ in await world.api.events(SessionCounterProposedV1)]
    assert [(event.format, event.minutes, event.times) for event in said] == [("chat", 15, 2)]
    assert len(await world.api.events(SessionAcceptedV1)) == 1


async def test_a_proposal_that_is_not_taken_leaves_the_request_as_it_was_asked(world: World) -> None:
    learner, mentor, path = await ask(world)
    before = await stored(world, path)
    for body, field in (({}, "format"), ({"minutes": 33}, "minutes"), ({"format": "lunch"}, "format")):
        refused = await world.post(mentor, f"{path}/counter-propose", body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert (await world.post(mentor, f"{path}/counter-propose", {"minutes": 15})).status_code == 200
    refused = (await world.post(learner, f"{path}/answer-proposal", {"agreed": False})).json()
    assert (refused["state"], refused["minutes"], refused["proposal"]["answer"]) == ("requested", 30, "refused")
    after = await stored(world, path)
    assert abs(after.expires_at - before.expires_at) < timedelta(minutes=1)
    assert (await world.post(mentor, f"{path}/counter-propose", {"minutes": 15})).status_code == 409
    assert (await world.post(learner, f"{path}/answer-proposal", {"agreed": True})).status_code == 409
    assert (await world.post(mentor, f"{path}/accept")).status_code == 200


async def test_editing_the_card_answers_what_the_mentor_asked_or_proposed(world: World) -> None:
    learner, mentor, path = await ask(world)
    await world.post(mentor, f"{path}/counter-propose", {"minutes": 15})
    tag = (await world.get(learner, path)).headers["ETag"]
    edited = await world.call(learner, "PUT", f"{path}/card", {"want_to_learn": "Charts", "format": "call"}, tag)
    assert (edited.json()["proposal"]["answer"], edited.json()["clock_stopped_at"]) == ("refused", None)


async def test_agreeing_takes_no_slot_that_is_not_there(world: World) -> None:
    await world.program(sessions_per_mentor_and_month=1)
    learner, mentor, path = await ask(world)
    await world.post(mentor, f"{path}/counter-propose", {"minutes": 15})
    other = await world.asked(await world.person(), mentor)
    accepted, agreed = await asyncio.gather(
        world.post(mentor, f"/sessions/{other}/accept"),
        world.post(learner, f"{path}/answer-proposal", {"agreed": True}),
    )
    assert sorted((accepted.status_code, agreed.status_code)) == [200, 409]


async def test_the_learner_sees_since_when_the_mentor_knows_and_it_is_said_once(world: World) -> None:
    learner, mentor, path = await ask(world)
    assert (await world.post(learner, f"{path}/view")).status_code == 409
    for _ in range(2):
        assert (await world.post(mentor, f"{path}/view")).status_code == 200
    assert (await world.get(learner, path)).json()["viewed_at"]
    assert len(await world.api.events(SessionViewedV1)) == 1


async def tap(world: World, method: str, token: str) -> Any:
    """A request with nothing but the link."""
    return await world.api.client.request(method, f"/api/v1/one-tap/{token}")


@pytest.mark.parametrize(("action", "state"), [("accept", "accepted"), ("decline", "declined")])
async def test_one_tap_answers_once_and_looking_changes_nothing(world: World, action: Any, state: str) -> None:
    learner, _, path = await ask(world)
    tokens = one_tap.link_tokens(LINK_KEY, await stored(world, path))
    shown = [(await tap(world, "GET", tokens[action])).json() for _ in range(2)][-1]
    assert (shown["action"], shown["possible"], shown["state"]) == (action, True, "requested")
    assert (await world.get(learner, path)).json()["state"] == "requested"
    assert (await tap(world, "POST", tokens[action])).json()["state"] == state
    for token in tokens.values():
        assert (await tap(world, "POST", token)).status_code == 409
        assert (await tap(world, "GET", token)).json()["possible"] is False
    assert one_tap.link_tokens(LINK_KEY, await stored(world, path)) == {}


async def test_a_link_that_is_not_ours_or_is_over_does_nothing(world: World) -> None:
    _, _, path = await ask(world)
    session = await stored(world, path)
    foreign = one_tap.link_tokens("another key of many bytes", session)["accept"]
    await world.execute("UPDATE session SET expires_at = $1", datetime.now(UTC) - timedelta(hours=1))
    over = one_tap.link_tokens(LINK_KEY, await stored(world, path))["accept"]
    good = one_tap.link_tokens(LINK_KEY, session)["accept"]
    for token in (foreign, over, good[:-2], "x", f"x{good}"):
        for method in ("GET", "POST"):
            assert (await tap(world, method, token)).status_code == 404
    assert (await tap(world, "POST", good)).status_code == 409, "the request itself is over"


async def test_a_link_answers_as_its_mentor_alone(world: World) -> None:
    _, _, path = await ask(world)
    session = await stored(world, path)
    strange = one_tap.Tap("accept", uuid4(), session.session_id)
    token = one_tap.sign(LINK_KEY, strange, session.expires_at)
    assert (await tap(world, "POST", token)).status_code == 404
