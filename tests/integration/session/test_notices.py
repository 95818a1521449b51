"""What each of the two is told in the app, exactly when it happened; and what they chose about it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from session_service.commands import remind_of_sessions, remind_some
from session_service.notices.kinds import KINDS
from session_service.notices.telling import remind
from session_service.store import notices as store

from tests.integration.session.conftest import TODAY, World
from tests.integration.session.feed import PATH, PREFERENCES, choose, told
from tests.integration.session.test_meeting import accepted, schedule

PAUSED = "paused_for_silence"


async def test_both_are_told_what_the_other_did_and_not_what_they_did_themselves(world: World) -> None:
    learner, mentor = await world.person(name="Amara"), await world.person(name="Jonas")
    session_id = await world.asked(learner, mentor)
    path = f"/sessions/{session_id}"
    await world.post(mentor, f"{path}/messages", {"text": "Gladly"})
    await world.post(mentor, f"{path}/accept")
    await world.post(learner, f"{path}/schedule", {"starts_at": "2030-01-01T12:00:00Z"})
    await world.post(mentor, f"{path}/held", {"held_on": str(TODAY)})
    for by in (learner, mentor):
        await world.post(by, f"{path}/meet-again", {"wish": True})
    assert await told(world, mentor) == ["asked", "scheduled", "survey", "relationship_made"]
    assert await told(world, learner) == ["message_waiting", "accepted", "scheduled", "survey", "relationship_made"]
    first = (await world.get(mentor, PATH)).json()["items"][-1]
    assert (first["title"], first["session_id"], first["person_id"]) == (
        "Amara asks you for 30 minutes",
        session_id,
        str(learner),
    )


@pytest.mark.parametrize(
    ("by", "step", "body", "kinds"),
    [
        ("mentor", "decline", {"reason": "no_time"}, (["declined"], ["asked"])),
        ("learner", "withdraw", None, ([], ["asked", "withdrawn"])),
    ],
)
async def test_the_other_is_told_of_an_end(world: World, by: str, step: str, body: Any, kinds: Any) -> None:
    people = {"learner": await world.person(), "mentor": await world.person()}
    session_id = await world.asked(people["learner"], people["mentor"])
    assert (await world.post(people[by], f"/sessions/{session_id}/{step}", body)).status_code == 200
    assert tuple([await told(world, person_id) for person_id in people.values()]) == kinds


async def test_who_gives_an_agreed_session_up_is_not_told(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await world.post(mentor, f"/sessions/{session_id}/accept")
    await world.post(learner, f"/sessions/{session_id}/withdraw")
    assert (await told(world, mentor))[-1] == "cancelled"
    assert (await told(world, learner))[-1] == "accepted"


async def test_both_are_told_of_another_time_and_of_the_end_of_what_is_in_their_calendars(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await schedule(world, learner, session_id)
    await schedule(world, mentor, session_id, minutes=45)
    await world.post(learner, f"/sessions/{session_id}/cancel", {})
    for person_id in (learner, mentor):
        assert (await told(world, person_id))[1:] == ["scheduled", "rescheduled", "cancelled"]


@pytest.mark.parametrize("agreed", [False, True])
async def test_a_mentor_is_told_that_their_messages_were_help_enough(world: World, agreed: bool) -> None:
    learner, mentor, session_id = await accepted(world)
    if agreed:
        await schedule(world, learner, session_id)
    await world.post(mentor, f"/sessions/{session_id}/messages", {"text": "Try this"})
    await world.post(learner, f"/sessions/{session_id}/solved-in-chat")
    assert (await told(world, mentor))[-1] == "solved_in_chat"
    assert (await told(world, learner))[-1] == ("cancelled" if agreed else "message_waiting")


async def test_a_mentor_is_told_once_that_half_of_the_time_is_over(world: World) -> None:
    mentor = await world.person()
    await world.asked(await world.person(), mentor)
    await world.execute("UPDATE session SET remind_at = now() - interval '1 second'")
    await asyncio.gather(*(remind_some(world.api.database, 10) for _ in range(3)))
    assert await told(world, mentor) == ["asked", "reminded"]


async def test_a_mentor_is_told_that_they_are_paused_for_silence_until_they_are_back(world: World) -> None:
    mentor = await world.person()
    for count in (1, 2):
        for _ in range(3):
            await world.asked(await world.person(), mentor)
        await world.execute("UPDATE session SET expires_at = now() - interval '1 second' WHERE state = 'requested'")
        await world.settle()
        pauses = [item for item in (await world.get(mentor, PATH)).json()["items"] if item["kind"] == PAUSED]
        assert (len(pauses), pauses[0]["read_at"], pauses[0]["session_id"]) == (count, None, None)
        await world.post(mentor, "/me/availability/return")
        assert (await world.get(mentor, PATH)).json()["items"][0]["read_at"], "who is back knows it"


async def test_the_two_hear_of_their_session_before_it_and_the_learner_after_a_month(world: World) -> None:
    learner, mentor, session_id = await accepted(world)
    await schedule(world, learner, session_id)
    for ahead in (timedelta(hours=20), timedelta(minutes=30)):
        await world.execute("UPDATE session SET starts_at = now() + $1::interval", ahead)
        for _ in range(2):
            await remind_of_sessions(world.api.database, 10, remind)
    await world.post(mentor, f"/sessions/{session_id}/held", {"held_on": str(TODAY)})
    await world.execute("UPDATE session SET ended_at = now() - interval '31 days'")
    await remind_of_sessions(world.api.database, 10, remind)
    assert await told(world, mentor) == ["asked", "scheduled", "session_soon", "session_soon", "survey"]
    assert (await told(world, learner))[2:] == ["session_soon", "session_soon", "survey", "follow_up"]


async def test_messages_that_were_read_to_the_end_wait_no_more(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.asked(learner, mentor)}"
    for text in "ab":
        await world.post(mentor, f"{path}/messages", {"text": text})
    for position, unread in ((2, 1), (3, 0)):
        assert (await world.post(learner, f"{path}/read", {"position": position})).status_code == 204
        assert (await world.get(learner, PATH)).json()["unread"] == unread


async def test_a_wish_to_meet_again_is_told_to_nobody(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id = await world.held(learner, mentor)
    before = await told(world, mentor)
    for wish in (True, False):
        await world.post(learner, f"/sessions/{session_id}/meet-again", {"wish": wish})
    assert await told(world, mentor) == before


async def test_a_learner_is_told_that_nobody_answered_and_that_a_mentor_is_gone(world: World) -> None:
    learner, silent, gone = [await world.person() for _ in range(3)]
    for mentor in (silent, gone):
        await world.asked(learner, mentor)
    await world.person(gone, status="on_leave")
    await world.settle()
    async with world.api.database.connection() as connection:
        await connection.execute("UPDATE session SET expires_at = now() WHERE mentor_id = $1", silent)
    await world.settle()
    assert sorted(await told(world, learner)) == ["expired", "unavailable"]


async def test_what_was_refused_is_told_to_nobody(world: World) -> None:
    learner, mentor, body = await world.person(), await world.person(), {"skill_id": str(uuid4())}
    answers = await asyncio.gather(*(world.post(learner, "/sessions", world.body(mentor, **body)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await told(world, mentor) == ["asked"]


async def test_a_repeated_step_with_its_key_is_told_once(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    path = f"/sessions/{await world.asked(learner, mentor)}/accept"
    for _ in range(2):
        assert (await world.post(mentor, path, None, **key)).status_code == 200
    assert await told(world, learner) == ["accepted"]


async def test_of_many_messages_one_notice_waits_until_they_are_seen(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    path = f"/sessions/{await world.asked(learner, mentor)}/messages"
    for number in range(3):
        await world.post(mentor, path, {"text": f"{number}"})
    assert await told(world, learner) == ["message_waiting"]
    await world.post(learner, path, {"text": "Thanks"})
    feed = (await world.get(learner, PATH)).json()
    assert (feed["unread"], feed["items"][0]["read_at"] is None) == (0, False), "who answers has seen it"
    await world.post(mentor, path, {"text": "Again"})
    assert await told(world, learner) == ["message_waiting"] * 2


async def test_a_feed_comes_in_pages_and_is_read_one_by_one_or_as_a_whole(world: World) -> None:
    mentor = await world.person()
    for _ in range(5):
        await world.asked(await world.person(), mentor)
    first = (await world.get(mentor, f"{PATH}?limit=3")).json()
    rest = (await world.get(mentor, f"{PATH}?limit=3&cursor={first['next_cursor']}")).json()
    ids = [item["notice_id"] for page in (first, rest) for item in page["items"]]
    assert (len(set(ids)), rest["next_cursor"], first["unread"]) == (5, None, 5)
    assert (await world.post(mentor, f"{PATH}/read", {"notice_ids": ids[:2]})).status_code == 204
    assert (await world.get(mentor, PATH)).json()["unread"] == 3
    other = await world.person()
    await world.post(other, f"{PATH}/read", {"notice_ids": ids})
    await world.post(other, f"{PATH}/read", {})
    assert (await world.get(mentor, PATH)).json()["unread"] == 3, "nobody reads for another"
    await world.post(mentor, f"{PATH}/read", {})
    assert (await world.get(mentor, PATH)).json()["unread"] == 0
    assert (await world.get(other, PATH)).json()["items"] == []


async def test_a_title_is_in_the_readers_language(world: World) -> None:
    learner, mentor = await world.person(name="Amara"), await world.person(languages=("pt", "de"))
    await world.asked(learner, mentor)
    assert (await world.get(mentor, PATH)).json()["items"][0]["title"] == "Amara bittet dich um 30 Minuten"
    assert (await choose(world, mentor, language="en")).status_code == 200
    assert (await world.get(mentor, PATH)).json()["items"][0]["title"] == "Amara asks you for 30 minutes"


async def test_preferences_are_kept_whole_and_by_version(world: World) -> None:
    person = await world.person(time_zone="Europe/Lisbon")
    usual = (await world.get(person, PREFERENCES)).json()
    assert (usual["version"], usual["time_zone"], usual["reached_by"]) == (0, "Europe/Lisbon", [])
    assert set(usual["kinds"]) == set(KINDS)
    chosen: dict[str, Any] = {
        "language": "de",
        "digest_hour": 17,
        "quiet_hours": {"since": "22:00:00", "until": "07:00:00"},
        "message_text": True,
        "slack_webhook": "https://hooks.slack.com/services/T/B/x",
        "teams_webhook": None,
        "choices": {"survey": {"mail": "off", "slack": "digest"}},
    }
    answer = await choose(world, person, **chosen)
    assert answer.status_code == 200, answer.text
    assert (answer.json() | chosen, answer.headers["ETag"]) == (answer.json(), '"1"')
    assert answer.json()["reached_by"] == ["slack"]
    assert (await world.get(person, PREFERENCES)).json() == answer.json()
    assert (await choose(world, person, '"0"', **chosen)).status_code == 412


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"language": "xx"}, "language"),
        ({"digest_hour": 24}, "digest_hour"),
        ({"quiet_hours": {"since": "22:00", "until": "25:00"}}, "quiet_hours.until"),
        ({"quiet_hours": {"since": "22:00Z", "until": "07:00"}}, "quiet_hours.since"),
        ({"choices": {"rumour": {"mail": "off"}}}, "choices"),
        ({"choices": {"asked": {"mail": "off"}}}, "choices"),
        ({"choices": {"survey": {"pigeon": "off"}}}, "choices.survey.pigeon.[key]"),
        ({"slack_webhook": "https://hooks.slack.com.evil.example/x"}, "slack_webhook"),
        ({"slack_webhook": "http://hooks.slack.com/x"}, "slack_webhook"),
        ({"teams_webhook": "https://user:pass@a.webhook.office.com/x"}, "teams_webhook"),
        ({"teams_webhook": "https://169.254.169.254/latest"}, "teams_webhook"),
        ({"teams_webhook": "https://a.webhook.office.com:8080/x"}, "teams_webhook"),
    ],
)
async def test_what_cannot_be_chosen_is_refused_by_field(world: World, chosen: Any, field: str) -> None:
    answer = await choose(world, await world.person(), **chosen)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_old_notices_are_forgotten_and_the_others_stay(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    await world.asked(learner, mentor)
    await world.asked(mentor, learner)
    async with world.api.database.transaction() as transaction:
        query = "UPDATE notice SET made_at = now() - $2::interval, planned_at = now() WHERE person_id = $1"
        await transaction.execute(query, mentor, timedelta(days=91))
        await store.forget_old(transaction, 90, 10)
    assert (await told(world, mentor), await told(world, learner)) == ([], ["asked"])
