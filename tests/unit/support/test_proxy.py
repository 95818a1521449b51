"""The misbehaving network must misbehave exactly as told: everything that is tested through it relies on that."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.support.proxy import Proxy
from tests.support.waiting import eventually

A_WHILE_S = 0.2
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that says what it hears, and ends when its client does."""
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """In front of the server, which is one that repeats."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with Proxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()
    await server.wait_closed()


@pytest.fixture
async def stream(proxy: Proxy) -> AsyncIterator[Stream]:
    """A connection through the proxy that works."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    await said(reader, writer, b"hello")
    yield reader, writer
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> None:
    """The server repeats this."""
    writer.write(data)
    async with asyncio.timeout(10):
        assert await reader.readexactly(len(data)) == data


async def silent(reader: asyncio.StreamReader) -> bool:
    """For a while nothing comes, neither bytes nor an end."""
    with suppress(TimeoutError):
        await asyncio.wait_for(reader.read(1), A_WHILE_S)
        return False
    return True


async def test_carries_megabytes_both_ways_and_the_end_of_one_side(proxy: Proxy, stream: Stream) -> None:
    reader, writer = stream
    await said(reader, writer, bytes(range(256)) * 16_000)
    writer.write_eof()
    assert await reader.read() == b""
    await eventually(lambda: proxy.connections == 0)


async def test_a_target_that_is_not_there_ends_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with Proxy("127.0.0.1", port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await reader.read() == b""
        writer.close()


async def test_delays_each_way(proxy: Proxy, stream: Stream) -> None:
    proxy.delay_ms = 100
    asked = time.monotonic()
    await said(*stream, b"late")
    assert 0.2 <= time.monotonic() - asked < 1


async def test_throttles(proxy: Proxy, stream: Stream) -> None:
    proxy.throttle_bytes_per_s = 10_000
    asked = time.monotonic()
    await said(*stream, b"x" * 5_000)
    assert 0.45 <= time.monotonic() - asked < 3


async def test_cuts_every_connection(proxy: Proxy, stream: Stream) -> None:
    reader, _ = stream
    await proxy.cut()
    assert proxy.connections == 0
    assert await reader.read() == b""


async def test_resets_every_connection(proxy: Proxy, stream: Stream) -> None:
    reader, _ = stream
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await reader.read()


async def test_what_is_held_stays_open_without_an_answer_and_is_delivered_when_released(
    proxy: Proxy, stream: Stream
) -> None:
    proxy.hold()
    new = await asyncio.open_connection("127.0.0.1", proxy.port)
    for _, writer in (stream, new):
        writer.write(b"held")
    assert all(await asyncio.gather(silent(stream[0]), silent(new[0])))
    proxy.release()
    assert [await reader.readexactly(4) for reader, _ in (stream, new)] == [b"held", b"held"]
    new[1].close()


async def test_the_end_of_one_side_is_held_too(proxy: Proxy, stream: Stream) -> None:
    reader, writer = stream
    proxy.hold()
    writer.write_eof()
    assert await silent(reader)
    assert proxy.connections == 1
    proxy.release()
    assert await reader.read() == b""


async def test_refuses_new_connections_until_it_admits_them_on_the_same_port(proxy: Proxy, stream: Stream) -> None:
    port = proxy.port
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    await said(*stream, b"still here")
    proxy.admit()
    assert proxy.port == port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await said(reader, writer, b"new")
    writer.close()


async def test_cuts_an_answer_in_its_middle_once(proxy: Proxy, stream: Stream) -> None:
    reader, writer = stream
    proxy.cut_after(10)
    await said(reader, writer, b"seven b")
    writer.write(b"the rest of it")
    assert await reader.read() == b"the"
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    await said(reader, writer, b"the rest of it")
    writer.close()


async def test_cuts_a_request_in_its_middle(proxy: Proxy, stream: Stream) -> None:
    reader, writer = stream
    proxy.cut_after(3, direction="to_target")
    writer.write(b"a request")
    assert await reader.read() in (b"", b"a r")  # an echo that is under way may go down with the connection


async def test_changes_what_it_carries_to_the_client_until_it_is_mended(proxy: Proxy, stream: Stream) -> None:
    reader, writer = stream
    proxy.garbles = (b"day", b"\xffay")
    writer.write(b"a day at a time")
    async with asyncio.timeout(10):
        assert await reader.readexactly(15) == b"a \xffay at a time"
    proxy.mend()
    await said(reader, writer, b"a day")


async def test_listens_where_it_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with Proxy("127.0.0.1", 1, port=port) as proxy:
        assert proxy.port == port
