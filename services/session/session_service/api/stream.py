"""The read path of live streams: one for each person, of all their conversations."""

import asyncio
from contextlib import aclosing
from typing import Annotated, cast

from chassis import logs
from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse
from starlette.types import Message, Send

from session_service.api.common import ROUTES, Employee
from session_service.live import Live

log = logs.get(__name__)

EVENT_STREAM = "text/event-stream"

SEND_TIMEOUT_S = 20
"""Whose connection takes nothing for so long has gone, whatever it says."""

router = APIRouter(**ROUTES)


def get_live(request: Request) -> Live:
    """The live streams of this process, for dependencies."""
    return cast("Live", request.app.state.live)


class LiveResponse(StreamingResponse):
    """A stream that is closed with its connection, and ends when that takes nothing any more."""

    media_type = EVENT_STREAM

    async def stream_response(self, send: Send) -> None:
        """Send until the stream ends."""

        async def in_time(message: Message) -> None:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await send(message)

        async with aclosing(self.body_iterator):  # type: ignore[type-var] # an async generator, always
            try:
                await super().stream_response(in_time)
            except TimeoutError:
                log.info("stream_took_nothing")


@router.get("/me/stream", tags=["messages"], response_class=LiveResponse)
async def stream(
    caller: Employee,
    live: Annotated[Live, Depends(get_live)],
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20_000)] = None,
) -> LiveResponse:
    """What is new in all conversations of the caller, as server-sent events.

    `ready` comes after what was missed since `Last-Event-ID`; `reset` in its place says that too much was missed: read
    everything again. Then `session`, `message` and `read` as they happen, each with what it is about as it is now,
    perhaps twice. Ends with the token and when the process stops: connect again with the last id.
    """
    _ = caller.person
    return LiveResponse(live.listen(caller, last_event_id), headers={"Cache-Control": "no-store"})
