"""Step 1 of a photo's way in: bodies read up to a limit, and decoded beside the event loop, a few at a time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from chassis.problems import Refused, TooLarge
from fastapi import Request
from starlette.requests import ClientDisconnect

from profile_service.images import NotAPhoto, reencoded

THREADS = 2


class PhotoReader:
    """Takes uploads of at most `max_bytes`, each decoded within `timeout_ms`, waiting for a thread included."""

    def __init__(self, max_bytes: int, timeout_ms: int) -> None:
        self._max_bytes = max_bytes
        self._timeout_s = timeout_ms / 1000
        self._threads = ThreadPoolExecutor(THREADS, "photo")  # no thread is started before the first photo

    async def read(self, request: Request) -> bytes:
        """The photo in a request's body as `images` writes it. Raises TooLarge, Refused."""
        upload = await self._body(request)
        decoding = asyncio.get_running_loop().run_in_executor(self._threads, reencoded, upload)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await decoding
        except NotAPhoto as error:
            raise Refused(str(error), field="body") from None
        except TimeoutError:
            raise Refused("It takes too long to read: make it smaller.", field="body") from None

    async def close(self) -> None:
        """Take no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _body(self, request: Request) -> bytes:
        parts, size = [], 0
        try:
            async for part in request.stream():
                size += len(part)
                if size > self._max_bytes:
                    raise TooLarge(f"A photo is at most {self._max_bytes // 1024} KiB.", field="body")
                parts.append(part)
        except ClientDisconnect:
            raise Refused("It ended too early.", field="body") from None
        return b"".join(parts)
