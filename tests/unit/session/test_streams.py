"""Live streams of one process: bounded for each reader, and each person's own."""

import asyncio
from uuid import uuid4

import pytest
from flash_schemas.registry import EVENTS
from flash_schemas.session import SessionEvent
from session_service.model.live import ONES_OWN, SEEN_BY_BOTH
from session_service.streams import Streams

NOBODY_HURRIES_S = 60


async def test_what_is_pushed_comes_in_order_and_to_its_person_alone() -> None:
    streams, one, other = Streams(10, 3), uuid4(), uuid4()
    with streams.opened(one) as first, streams.opened(one) as second, streams.opened(other) as foreign:
        for chunk in (b"a", b"b"):
            streams.push(one, chunk)
        assert await first.take(NOBODY_HURRIES_S) == await second.take(NOBODY_HURRIES_S) == b"ab"
        assert await foreign.take(0) == b""
        assert one in streams
    assert one not in streams
    assert not streams
    streams.push(one, b"to nobody")


async def test_a_reader_wakes_when_something_comes() -> None:
    streams, one = Streams(10, 3), uuid4()
    with streams.opened(one) as stream:
        waiting = asyncio.create_task(stream.take(NOBODY_HURRIES_S))
        await asyncio.sleep(0)
        streams.push(one, b"now")
        assert await waiting == b"now"


async def test_who_reads_too_slowly_is_let_go_and_nobody_else() -> None:
    streams, slow, quick = Streams(2, 3), uuid4(), uuid4()
    with streams.opened(slow) as waiting, streams.opened(quick) as read:
        for _ in range(5):
            streams.push(slow, b"x")
            streams.push(quick, b"x")
            assert await read.take(NOBODY_HURRIES_S) == b"x"
        assert waiting.ended
        assert await waiting.take(NOBODY_HURRIES_S) == b"", "what waited is dropped, not kept"
        assert not read.ended


async def test_of_too_many_streams_of_one_person_the_oldest_ends() -> None:
    streams, one = Streams(2, 2), uuid4()
    with streams.opened(one) as oldest, streams.opened(one) as older, streams.opened(one) as newest:
        assert [stream.ended for stream in (oldest, older, newest)] == [True, False, False]


async def test_when_the_process_stops_every_stream_ends_also_one_that_opens_then() -> None:
    streams = Streams(2, 2)
    with streams.opened(uuid4()) as stream:
        waiting = asyncio.create_task(stream.take(NOBODY_HURRIES_S))
        await asyncio.sleep(0)
        streams.end_all()
        assert await waiting == b""
        assert stream.ended
    with streams.opened(uuid4()) as late:
        assert late.ended


@pytest.mark.parametrize("event", [event for event in EVENTS.values() if issubclass(event, SessionEvent)])
def test_of_every_step_it_is_said_whether_both_see_it_at_once(event: type[SessionEvent]) -> None:
    assert (event in SEEN_BY_BOTH) != (event in ONES_OWN)
