"""What happens in a conversation shows in the streams of its two people, in every process, and nothing is lost."""

from time import time
from uuid import UUID

import pytest
from chassis.database import Database
from chassis.http import Cursor
from session_service.store import show
from session_service.store.sessions import session as read_session

from tests.integration.session.conftest import World
from tests.integration.session.streams import replica, send
from tests.support.waiting import eventually


async def test_both_see_messages_edits_reading_and_steps_as_they_happen_and_nobody_else_does(world: World) -> None:
    learner, mentor, stranger = [await world.person() for _ in range(3)]
    session_id = await world.asked(learner, mentor)
    here, there = replica(world), replica(world)
    async with here.reader(learner) as own, there.reader(mentor) as other, there.reader(stranger) as foreign:
        message = await send(world, mentor, session_id, "Hello https://example.org")
        signed = world.api.callers.sign_in("employee", person_id=mentor)
        path = f"/api/v1/sessions/{session_id}/messages/{message['message_id']}"
        await here.poll()
        await world.api.client.put(path, json={"text": "Hello"}, headers=signed)
        await world.post(learner, f"/sessions/{session_id}/read", {"position": 2})
        await world.post(mentor, f"/sessions/{session_id}/accept")
        for process in (here, there):
            await process.poll()
        await eventually(lambda: own.named("session") and other.named("session"))
    assert own.texts() == ["Hello https://example.org", "Hello"]
    assert own.named("message")[0]["message"]["links"][0]["url"] == "https://example.org"
    assert own.named("message")[1]["message"]["edited_at"]
    for reader, role in ((own, "learner"), (other, "mentor")):
        assert reader.named("read") == [{"session_id": session_id, "learner_read": 2, "mentor_read": 0}]
        assert [(step["state"], step["role"]) for step in reader.named("session")] == [("accepted", role)]
    assert other.texts() == ["Hello", "Hello"], "each shows what is now"
    assert [event for event, _ in foreign.events] == ["ready"]


async def test_what_one_of_the_two_does_alone_shows_in_no_stream(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, here = await world.held(learner, mentor), replica(world)
    async with here.reader(mentor) as reader:
        await world.post(learner, f"/sessions/{session_id}/survey", {"helped": "no", "rating": 1})
        await world.post(learner, f"/sessions/{session_id}/meet-again", {"wish": True})
        await here.poll()
        await send(world, learner, session_id, "Later")
        await here.poll()
        await eventually(reader.texts)
        assert [event for event, _ in reader.events] == ["ready", "message"]


async def test_who_comes_back_with_the_last_id_misses_nothing_in_any_process(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, here, there = await world.asked(learner, mentor), replica(world), replica(world)
    async with here.reader(learner) as reader:
        await send(world, mentor, session_id, "One")
        await here.poll()
        await eventually(lambda: reader.texts() == ["One"])
    for text in ("Two", "Three"):
        await send(world, mentor, session_id, text)
    async with there.reader(learner, reader.last_id) as back:
        assert back.texts() == ["Two", "Three"]
        assert back.events[-1] == ("ready", {})
        await send(world, mentor, session_id, "Four")
        await there.poll()
        await eventually(lambda: back.texts() == ["Two", "Three", "Four"])
    async with here.reader(learner, back.last_id) as again:
        assert again.texts() == []


async def test_an_item_whose_transaction_ends_late_is_not_passed_over(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, here = await world.asked(learner, mentor), replica(world)
    async with here.reader(learner) as reader:
        async with world.api.database.transaction() as late:
            session = await read_session(late, UUID(session_id))
            assert session
            await show(late, session, "read")
            await send(world, mentor, session_id, "Sooner")
            await here.poll()
            await eventually(reader.texts)
            assert reader.named("read") == []
            last = reader.last_id
        await here.poll()
        await eventually(lambda: reader.named("read"))
    async with here.reader(learner, last) as back:
        assert back.named("read"), "also for who left in between"
        assert back.texts() == []


@pytest.mark.parametrize(
    "snapshot", ["1:1", "x:1:", "2:1:", "999999999999:999999999999:", "1; DROP TABLE message", None]
)
async def test_an_id_that_is_not_ours_begins_anew_and_says_so(world: World, snapshot: str | None) -> None:
    last = Cursor.encode(snapshot, int(time())) if snapshot else "nonsense"
    async with replica(world).reader(await world.person(), last) as reader:
        assert [event for event, _ in reader.events] == ["reset"]


async def test_who_missed_too_much_or_stayed_away_too_long_reads_everything_again(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, here = await world.asked(learner, mentor), replica(world, stream_room_items=3)
    async with here.reader(learner) as reader:
        pass
    for number in range(3):
        await send(world, mentor, session_id, str(number))
    async with here.reader(learner, reader.last_id) as back:
        assert [event for event, _ in back.events] == ["reset"]
    async with replica(world, stream_keep_hours=1).reader(learner, reader.last_id) as later:
        assert [event for event, _ in later.events] == ["reset"], "items of then may be forgotten"


async def test_a_message_that_does_not_open_holds_up_no_other(world: World) -> None:
    learner, mentor = await world.person(), await world.person()
    session_id, here = await world.asked(learner, mentor), replica(world)
    async with here.reader(learner) as reader:
        broken = await send(world, mentor, session_id, "Broken")
        await send(world, mentor, session_id, "Whole")
        async with world.api.database.transaction() as transaction:
            query = "UPDATE message SET sealed = decode('00', 'hex') || sealed WHERE message_id = $1"
            await transaction.execute(query, UUID(broken["message_id"]))
        await here.poll()
        await eventually(lambda: reader.texts() == ["Whole"])


async def test_items_are_forgotten_after_a_day(world: World) -> None:
    await world.asked(await world.person(), await world.person())
    here, count = replica(world), "SELECT count(*) FROM stream_item"
    async with world.api.database.transaction() as transaction:
        first = await transaction.fetchval(count)
        await transaction.execute("UPDATE stream_item SET added_at = now() - interval '25 h' WHERE kind = 'session'")
    assert await here.live.forget() is False
    async with world.api.database.connection() as connection:
        assert (first, await connection.fetchval(count)) == (4, 2)


async def test_a_stream_ends_with_its_token(world: World) -> None:
    async with replica(world).reader(await world.person(), expires_at=time() + 0.2) as reader:
        await eventually(reader.task.done)
    assert not reader.task.cancelled()


async def test_a_silent_stream_shows_that_it_lives(world: World) -> None:
    async with replica(world, stream_heartbeat_s=0.05).reader(await world.person()) as reader:
        await eventually(lambda: reader.text.count(": ping") >= 2)
        assert [event for event, _ in reader.events] == ["ready"]


async def test_without_a_listener_nothing_is_asked_of_the_database(world: World) -> None:
    here = replica(world)
    here.live._database = Database(world.api.service.settings)  # never opened: any use of it fails
    await here.poll()
