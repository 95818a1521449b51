"""Beside the read path: the live streams that are open in this process, each with a little room for what is new."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from session_service import metrics


class Stream:
    """One open stream. Whoever reads it too slowly is let go, and catches up with the next one."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._waiting: deque[bytes] = deque()
        self._new = asyncio.Event()
        self.ended = False

    def push(self, chunk: bytes) -> None:
        """Have this shown; ends the stream when too much waits."""
        if len(self._waiting) >= self._room:
            metrics.STREAMS_TOO_SLOW.inc()
            self.end()
        elif not self.ended:
            self._waiting.append(chunk)
            self._new.set()

    def end(self) -> None:
        """Show nothing more."""
        self._waiting.clear()
        self.ended = True
        self._new.set()

    async def take(self, timeout_s: float) -> bytes:
        """All that waits, as soon as something does; nothing when the time is over or the stream has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._new.wait()
        taken = b"".join(self._waiting)
        self._waiting.clear()
        if not self.ended:
            self._new.clear()
        return taken


class Streams:
    """The open streams of this process by person."""

    def __init__(self, room: int, per_person: int) -> None:
        self._room = room
        self._per_person = per_person
        self._open: dict[UUID, list[Stream]] = {}
        self._ending = False

    def __contains__(self, person_id: UUID) -> bool:
        """Whether somebody has a stream here."""
        return person_id in self._open

    def __bool__(self) -> bool:
        """Whether anybody has."""
        return bool(self._open)

    @contextmanager
    def opened(self, person_id: UUID) -> Iterator[Stream]:
        """A stream for somebody; of too many of theirs the oldest ends."""
        stream, own = Stream(self._room), self._open.setdefault(person_id, [])
        own.append(stream)
        metrics.STREAMS_OPEN.inc()
        if self._ending:
            stream.end()
        for oldest in own[: -self._per_person]:
            oldest.end()
        try:
            yield stream
        finally:
            metrics.STREAMS_OPEN.dec()
            own.remove(stream)
            if not own:
                del self._open[person_id]

    def push(self, person_id: UUID, chunk: bytes) -> None:
        """Have this shown in every stream of somebody."""
        for stream in self._open.get(person_id, ()):
            stream.push(chunk)

    def end_all(self) -> None:
        """The process stops: whoever listens connects to another."""
        self._ending = True
        for own in self._open.values():
            for stream in own:
                stream.end()
