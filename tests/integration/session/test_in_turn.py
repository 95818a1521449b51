"""Asking in turn: without a yes the next is asked, then everybody who knows the skill; one of them has it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_schemas.session import (
    AvailabilityChangedV1,
    SessionAcceptedV1,
    SessionOpenedToAllV1,
    SessionPassedOnV1,
    SessionRequestedV1,
)
from session_service.commands import close_calls, pass_on_some

from tests.integration.session.conftest import TODAY, World
from tests.integration.session.feed import told

SKILL = uuid4()


async def asked_in_turn(world: World, mentors: list[UUID], **values: Any) -> tuple[UUID, str]:
    learner = await world.person()
    body = {"skill_id": str(SKILL), "then_ask": [str(each) for each in mentors[1:]], **values}
    return learner, await world.asked(learner, mentors[0], **body)


async def inbox(world: World, mentor: UUID) -> list[Any]:
    found: list[Any] = (await world.get(mentor, "/sessions?role=mentor")).json()["items"]
    return found


async def end(world: World, mentor: UUID, session_id: str, how: str) -> None:
    """The mentor's part of a request ends without a yes."""
    if how == "declined":
        assert (await world.post(mentor, f"/sessions/{session_id}/decline", {})).status_code == 200
    elif how == "expired":
        await world.execute("UPDATE session SET expires_at = now() - interval '1 second' WHERE state = 'requested'")
    else:
        await world.person(mentor, status="on_leave")
    await world.settle()


@pytest.mark.parametrize("how", ["declined", "expired", "on_leave"])
async def test_without_a_yes_the_next_is_asked_and_knows_nothing_of_the_first(world: World, how: str) -> None:
    first, second = await world.person(), await world.person()
    learner, session_id = await asked_in_turn(world, [first, second])
    await world.post(first, f"/sessions/{session_id}/messages", {"text": "Between us"})
    await end(world, first, session_id, how)
    (passed,) = await inbox(world, second)
    assert (passed["state"], passed["want_to_learn"]) == ("requested", "Reports")
    assert passed["passed_from"] is passed["then_ask"] is passed["open_to_all"] is None
    messages = (await world.get(second, f"/sessions/{passed['session_id']}/messages")).json()["items"]
    assert [message["text"] for message in messages] == ["Hello!"]
    seen = (await world.get(learner, f"/sessions/{session_id}")).json()
    assert (seen["next_step"], seen["passed_to"]) == ("passed_on", passed["session_id"])
    said = [event for event, _ in await world.api.events(SessionPassedOnV1)]
    assert [(str(event.session_id), event.to_mentor_id) for event in said] == [(session_id, second)]
    requests = [event.passed_from for event, _ in await world.api.events(SessionRequestedV1)]
    assert requests == [None, UUID(session_id)]
    last = [event for event, _ in await world.api.events(AvailabilityChangedV1) if event.person_id == second][-1]
    assert last.open_requests == 1


async def test_a_yes_or_a_withdrawal_ends_the_turn(world: World) -> None:
    first, second = await world.person(), await world.person()
    _, agreed = await asked_in_turn(world, [first, second])
    learner, withdrawn = await asked_in_turn(world, [first, second], skill_id=str(uuid4()))
    await world.post(first, f"/sessions/{agreed}/accept")
    await world.post(learner, f"/sessions/{withdrawn}/withdraw")
    await world.settle()
    assert await inbox(world, second) == []
    assert (await world.get(learner, f"/sessions/{withdrawn}")).json()["next_step"] == "search_again"


async def test_who_cannot_take_it_is_passed_by(world: World) -> None:
    first, paused, gone, last = [await world.person() for _ in range(4)]
    _, session_id = await asked_in_turn(world, [first, paused, last])
    await world.person(paused, paused_until={"mentor": TODAY + timedelta(days=1)})
    await end(world, first, session_id, "declined")
    assert (await inbox(world, paused), len(await inbox(world, last))) == ([], 1)
    other, second = await asked_in_turn(world, [last, gone], skill_id=str(uuid4()))
    await world.person(gone, status="left")
    await end(world, last, second, "declined")
    assert (await world.get(other, f"/sessions/{second}")).json()["next_step"] == "search_again"


async def test_asking_in_turn_is_refused_by_field(world: World) -> None:
    learner, first, second = [await world.person() for _ in range(3)]
    stranger = await world.person(joined=False)
    cases: list[tuple[str, dict[str, Any]]] = [
        ("then_ask", {"then_ask": [str(first)]}),
        ("then_ask", {"then_ask": [str(learner)]}),
        ("then_ask", {"then_ask": [str(second), str(second)]}),
        ("then_ask", {"then_ask": [str(uuid4()) for _ in range(3)]}),
        ("then_ask[1]", {"then_ask": [str(second), str(stranger)]}),
        ("open_to_all", {"open_to_all": True}),
    ]
    for field, values in cases:
        answer = await world.post(learner, "/sessions", world.body(first, **values))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_what_is_passed_on_counts_among_the_open_requests(world: World) -> None:
    await world.program(open_requests_per_learner=1)
    first, second, third = [await world.person() for _ in range(3)]
    learner, session_id = await asked_in_turn(world, [first, second])
    await world.post(first, f"/sessions/{session_id}/decline", {})
    assert (await world.get(learner, f"/sessions/{session_id}")).json()["next_step"] == "being_passed_on"
    assert (await world.post(learner, "/sessions", world.body(third))).status_code == 409


async def test_several_processes_pass_a_request_on_once(world: World) -> None:
    first, second, third = [await world.person() for _ in range(3)]
    _, session_id = await asked_in_turn(world, [first, second, third])
    await world.post(first, f"/sessions/{session_id}/decline", {})
    await asyncio.gather(*(pass_on_some(world.api.database, world.keyring, 5) for _ in range(4)))
    assert (len(await inbox(world, second)), len(await inbox(world, third))) == (1, 0)


async def called(world: World, **values: Any) -> tuple[UUID, str]:
    """A learner and the id of their call to everybody."""
    first = await world.person()
    learner, session_id = await asked_in_turn(world, [first], open_to_all=True, **values)
    await end(world, first, session_id, "declined")
    (call,) = (await world.get(learner, "/me/open-calls")).json()["items"]
    assert (call["state"], call["want_to_learn"]) == ("open", "Reports")
    assert (await world.get(learner, "/me/sessions/export")).json()["open_calls"] == [call]
    return learner, call["call_id"]


async def test_a_call_is_shown_to_those_who_know_the_skill_and_can_take_it(world: World) -> None:
    knowing, other = await world.person(skills=[SKILL]), await world.person(skills=[uuid4()])
    paused = await world.person(skills=[SKILL], paused_until={"mentor": TODAY + timedelta(days=1)})
    stranger = await world.person(skills=[SKILL], joined=False)
    learner, call_id = await called(world)
    shown = {who: (await world.get(who, "/open-calls")).json()["items"] for who in (knowing, other, paused, stranger)}
    assert [call["call_id"] for call in shown[knowing]] == [call_id]
    assert not any(shown[who] for who in (other, paused, stranger))
    for who, status in ((other, 404), (stranger, 404), (paused, 409), (learner, 404)):
        assert (await world.post(who, f"/open-calls/{call_id}/take")).status_code == status
    assert [event.call_id for event, _ in await world.api.events(SessionOpenedToAllV1)] == [UUID(call_id)]


async def test_of_all_who_take_a_call_at_once_one_has_it_and_the_others_are_thanked(world: World) -> None:
    mentors = [await world.person(skills=[SKILL]) for _ in range(4)]
    learner, call_id = await called(world)
    answers = await asyncio.gather(*(world.post(who, f"/open-calls/{call_id}/take") for who in mentors))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert all("Thank you" in answer.json()["detail"] for answer in answers if answer.status_code == 409)
    (taken,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert taken["state"] == "accepted"
    assert await world.state(learner, taken["session_id"]) == "accepted"
    assert len(await world.api.events(SessionAcceptedV1)) == 1
    versions = [
        version for event, version in await world.api.events() if str(event.aggregate_id) == taken["session_id"]
    ]
    assert versions == [1, 2, 3], "asked, accepted, and the first words"
    (call,) = (await world.get(learner, "/me/open-calls")).json()["items"]
    assert (call["state"], call["taken_session_id"]) == ("taken", taken["session_id"])


async def test_a_mentor_takes_no_more_calls_than_they_have_slots(world: World) -> None:
    await world.program(sessions_per_mentor_and_month=1)
    mentor = await world.person(skills=[SKILL])
    calls = [(await called(world))[1] for _ in range(3)]
    answers = await asyncio.gather(*(world.post(mentor, f"/open-calls/{each}/take") for each in calls))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_a_taken_call_with_its_key_is_taken_once(world: World) -> None:
    mentor, key = await world.person(skills=[SKILL]), {"Idempotency-Key": f"key-{uuid4()}"}
    _, call_id = await called(world)
    answers = [await world.post(mentor, f"/open-calls/{call_id}/take", **key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()


async def test_a_call_ends_when_its_learner_or_its_time_says_so(world: World) -> None:
    mentor = await world.person(skills=[SKILL])
    learner, withdrawn = await called(world)
    assert (await world.post(mentor, f"/open-calls/{withdrawn}/withdraw")).status_code == 404
    assert (await world.post(learner, f"/open-calls/{withdrawn}/withdraw")).status_code == 204
    assert (await world.post(learner, f"/open-calls/{withdrawn}/withdraw")).status_code == 409
    _, late = await called(world)
    await world.execute("UPDATE open_call SET expires_at = now() - interval '1 second'")
    for call_id in (withdrawn, late):
        assert (await world.post(mentor, f"/open-calls/{call_id}/take")).status_code == 409
    await asyncio.gather(*(close_calls(world.api.database, 5) for _ in range(3)))
    async with world.api.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM open_call WHERE state = 'closed'") == 2


async def test_a_learner_is_told_once_that_nobody_took_their_call(world: World) -> None:
    mentor = await world.person(skills=[SKILL])
    (withdrew, withdrawn), (taken_from, taken), (waits, _) = [await called(world) for _ in range(3)]
    assert (await world.post(withdrew, f"/open-calls/{withdrawn}/withdraw")).status_code == 204
    assert (await world.post(mentor, f"/open-calls/{taken}/take")).status_code == 201
    await world.execute("UPDATE open_call SET expires_at = now() - interval '1 second'")
    await asyncio.gather(*(close_calls(world.api.database, 5) for _ in range(3)))
    assert [(await told(world, who)).count("call_not_taken") for who in (withdrew, taken_from, waits)] == [0, 0, 1]


async def test_who_wants_it_open_to_all_keeps_the_skill_on_the_card(world: World) -> None:
    first = await world.person()
    learner, session_id = await asked_in_turn(world, [first], open_to_all=True)
    tag = (await world.get(learner, f"/sessions/{session_id}")).headers["ETag"]
    card = {"want_to_learn": "Other reports", "format": "call", "minutes": 30}
    edited = await world.call(learner, "PUT", f"/sessions/{session_id}/card", card, tag)
    assert (edited.status_code, edited.json()["errors"][0]["field"]) == (422, "skill_id")


async def test_a_request_open_to_all_whose_card_names_no_skill_ends_and_holds_up_no_other(world: World) -> None:
    first, second = await world.person(), await world.person()
    learner, session_id = await asked_in_turn(world, [first], open_to_all=True)
    await asked_in_turn(world, [first, second], skill_id=str(uuid4()))
    await world.execute("UPDATE session SET skill_id = NULL WHERE session_id = $1", UUID(session_id))
    await end(world, first, session_id, "expired")
    assert (await world.get(learner, f"/sessions/{session_id}")).json()["next_step"] == "search_again"
    assert len(await inbox(world, second)) == 1


async def test_first_words_that_cannot_be_opened_at_present_wait_and_hold_up_no_other(world: World) -> None:
    first, second = await world.person(), await world.person()
    _, session_id = await asked_in_turn(world, [first, second])
    await world.execute("UPDATE conversation_key SET master_key = 'another'")
    await asked_in_turn(world, [first, second], skill_id=str(uuid4()))
    await end(world, first, session_id, "expired")
    assert len(await inbox(world, second)) == 1
    await world.execute("UPDATE conversation_key SET master_key = $1", world.keyring.newest)
    await world.settle()
    assert len(await inbox(world, second)) == 2
