"""The read path of live streams: one tail per process reads what is new for anybody, and hands it to who listens here.

Nothing is announced by the writing side, and no process knows of another: each reads the same table by snapshot windows
(`store/stream.py`), woken by its own commits and by the clock. Where a stream has got to is such a snapshot, so it can
go on in any process, and no item is lost however late its transaction ended; one may come twice, and shows what is.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from time import time
from uuid import UUID

from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.http import Answer, Cursor
from chassis.problems import Refused
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from session_service import store
from session_service.answers import MessageAnswer, SessionAnswer, StreamMessage, StreamRead
from session_service.model import Session
from session_service.sealing import Keyring
from session_service.settings import Settings
from session_service.store import Item, Message
from session_service.streams import Streams

RETRY_MS = 1_000
FORGET_AT_ONCE = 5_000
FORGET_INTERVAL_MS = 60_000


class Live:
    """What the live streams of one process need."""

    def __init__(self, database: Database, keyring: Keyring, settings: Settings) -> None:
        self._database = database
        self._keyring = keyring
        self._settings = settings
        self._since: str | None = None
        self._beginning = asyncio.Lock()
        self.streams = Streams(settings.stream_room_items, settings.streams_per_person)

    async def poll(self) -> bool:
        """Hand out what is new since the last time; False, as there is no more before the next commit."""
        if not self.streams:
            self._since = None
        if self._since is None:
            return False
        async with self._database.connection() as connection:
            window = await store.stream_window(connection, self._since)
            listened = [item for item in window.items if item.person_id in self.streams]
            shown = await self._shown(connection, listened)
        for person_id, frames in shown.items():
            self.streams.push(person_id, b"".join([*frames, _here(window.snapshot)]))
        self._since = window.snapshot
        return False

    async def forget(self) -> bool:
        """Drop what nobody can ask for any more; True when there may be more."""
        before = datetime.now(UTC) - timedelta(hours=self._settings.stream_keep_hours)
        async with self._database.transaction() as transaction:
            return await store.forget_stream_items(transaction, before, FORGET_AT_ONCE)

    async def listen(self, caller: Caller, last_event_id: str | None) -> AsyncGenerator[bytes, None]:
        """What somebody missed, where they are, and from then on what is new, until the stream or their token ends.

        The tail has begun and the stream is open before the past is read: nothing falls between the two.
        """
        with self.streams.opened(caller.person) as stream:
            await self._begin()
            yield await self._past(caller, last_event_id)
            while not stream.ended and (left_s := _left_s(caller)) > 0:
                chunk = await stream.take(min(left_s, self._settings.stream_heartbeat_s))
                yield chunk or KEEPALIVE_COMMENT

    async def _begin(self) -> None:
        async with self._beginning:
            if self._since is None:
                async with self._database.connection() as connection:
                    self._since = await store.current_snapshot(connection)

    async def _past(self, caller: Caller, last_event_id: str | None) -> bytes:
        """What was missed, and `ready`; `reset` when that is no longer known and everything is to be read again."""
        most = self._settings.stream_room_items
        async with self._database.connection() as connection:
            since = _snapshot_in(last_event_id, self._settings.stream_keep_hours)
            window = await store.stream_window_of(connection, caller.person, since, most) if since else None
            if window and len(window.items) < most:
                shown = await self._shown(connection, window.items)
                return b"".join([*shown.get(caller.person, ()), _here(window.snapshot, "ready")])
            snapshot = await store.current_snapshot(connection)
        return _here(snapshot, "reset" if last_event_id else "ready")

    async def _shown(self, connection: Transaction, items: Sequence[Item]) -> dict[UUID, list[bytes]]:
        """The items as events, by person; nobody gets one of a session that is not theirs."""
        shown: dict[UUID, list[bytes]] = {}
        if not items:
            return shown
        sessions, read, messages = await store.stream_subjects(connection, self._keyring, items)
        for item in items:
            session, message = sessions.get(item.session_id), messages.get(item.message_id)
            there = session and (message or item.kind != "message")
            if session and there and item.person_id in (session.learner_id, session.mentor_id):
                answer = _answer(item, session, read.get(item.session_id, {}), message)
                frame = format_sse_event(event=item.kind, data_str=answer.model_dump_json())
                shown.setdefault(item.person_id, []).append(frame)
        return shown


def _answer(item: Item, session: Session, read: Mapping[UUID, int], message: Message | None) -> Answer:
    match item.kind:
        case "message":
            return StreamMessage(session_id=item.session_id, message=MessageAnswer.model_validate(message))
        case "read":
            return StreamRead.of(session, read)
        case "session":
            return SessionAnswer.of(session, item.person_id)


def _here(snapshot: str, event: str | None = None) -> bytes:
    """Where a stream has got to, as the id to go on from; alone it moves the id and shows nothing."""
    place = Cursor.encode(snapshot, int(time()))
    return format_sse_event(event=event, data_str="{}" if event else None, id=place, retry=RETRY_MS if event else None)


def _snapshot_in(last_event_id: str | None, keep_hours: int) -> str | None:
    """Where to go on from; None for what is not ours, or so old that items since are forgotten."""
    try:
        snapshot, at = Cursor.decode(last_event_id, str, int) or ("", 0)
    except Refused:
        return None
    return snapshot if time() - at < (keep_hours - 1) * 3600 else None


def _left_s(caller: Caller) -> float:
    """How long the caller's token is good for."""
    return inf if caller.expires_at is None else caller.expires_at - time()
