"""A stand-in for a service behind the gateway: it says what reached it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from flash_local.processes import free_port
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass
class Echo:
    """One upstream. A path that ends in `/slow` is answered once `released` is set, a `/stream` ends then."""

    name: str
    url: str
    released: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    async def answer(self, request: Request) -> Response:
        """Everything that arrived, with headers that must not go out."""
        if request.url.path.endswith("/stream"):
            return StreamingResponse(self._until_released(), media_type="text/event-stream")
        if request.url.path.endswith("/slow"):
            self.waiting += 1
            await self.released.wait()
        body = {
            "service": self.name,
            "method": request.method,
            "path": request.url.path,
            "query": request.url.query,
            "headers": dict(request.headers),
            "body_bytes": len(await request.body()),
        }
        return JSONResponse(body, headers={"x-person-id": "leaked", "x-powered-by": "us", "etag": '"7"'})

    async def _until_released(self) -> AsyncIterator[str]:
        yield "event: ready\n\n"
        await self.released.wait()
        yield "event: end\n\n"


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to the test run."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(name: str) -> AsyncIterator[Echo]:
    """An upstream of this name, while it answers."""
    port = free_port()
    echo = Echo(name, f"http://127.0.0.1:{port}")
    async with serving_app(Starlette(routes=[Route("/{path:path}", echo.answer, methods=METHODS)]), port):
        try:
            yield echo
        finally:
            echo.released.set()


@contextlib.asynccontextmanager
async def serving_app(app: Any, port: int) -> AsyncIterator[None]:
    """Any application on this port."""
    server = _Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = True
        await task
