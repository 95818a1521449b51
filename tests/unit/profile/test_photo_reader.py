"""Reading an upload is bounded in time, and one that hangs does not hold up the event loop or the next."""

import threading
from collections.abc import Iterator

import pytest
from chassis.problems import Refused
from profile_service import photos
from profile_service.photos import PhotoReader
from starlette.requests import Request
from starlette.types import Message


def request_with(*messages: Message) -> Request:
    waiting: Iterator[Message] = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    return Request({"type": "http", "method": "PUT", "headers": []}, receive)


def upload(body: bytes) -> Request:
    return request_with({"type": "http.request", "body": body, "more_body": False})


async def test_a_photo_that_takes_too_long_is_refused_and_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, over = PhotoReader(1024, timeout_ms=2_000), threading.Event()

    def decode(body: bytes) -> bytes:
        if body == b"hangs":
            over.wait(60)
        return body

    monkeypatch.setattr(photos, "reencoded", decode)
    slow = PhotoReader(1024, timeout_ms=20)
    with pytest.raises(Refused) as refused:
        await slow.read(upload(b"hangs"))
    assert "too long" in str(refused.value.extras)
    assert await reader.read(upload(b"fine")) == b"fine"
    over.set()
    await slow.close()
    await reader.close()


async def test_an_upload_that_breaks_off_is_refused() -> None:
    reader = PhotoReader(1024, timeout_ms=2_000)
    broken = request_with({"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"})
    with pytest.raises(Refused) as refused:
        await reader.read(broken)
    assert "ended too early" in str(refused.value.extras)
    await reader.close()
