"""Work that no request asks for: a function run again and again, woken by commits and by the clock."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from chassis import logs, trace
from chassis.database import Database, is_transient

log = logs.get(__name__)


class Worker:
    """Calls `run` until it returns False, then waits for `interval_ms` or the next commit of this process.

    A failure of the moment is retried with growing pauses; any other error ends the process, which says so.
    """

    kind = "worker"

    def __init__(
        self, name: str, run: Callable[[], Awaitable[bool]], interval_ms: int, *, wake_on_commit: bool = True
    ) -> None:
        self.name = name
        self._run = run
        self._interval_s = interval_ms / 1000
        self._wake_on_commit = wake_on_commit
        self._failures = 0

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; the piece at hand is finished."""
        wake = database.commits() if self._wake_on_commit else asyncio.Event()
        while not stopping.is_set():
            wake.clear()
            if await self._step():
                continue
            await wait_for_any(stopping, wake, timeout_s=self._pause_s())

    def problem(self) -> str | None:
        """Why this component is unhealthy, if it is."""
        return f"failed {self._failures} times in a row" if self._failures > 5 else None

    async def _step(self) -> bool:
        try:
            with trace.continued(None):
                more = await self._run()
        except Exception as error:
            if not is_transient(error):
                raise
            self._failures += 1
            log.warning("worker_failed_for_now", worker=self.name, error=repr(error), failures=self._failures)
            return False
        self._failures = 0
        return more

    def _pause_s(self) -> float:
        backoff = min(10.0, 0.1 * 2 ** min(self._failures, 8)) if self._failures else 0.0
        return max(self._interval_s, backoff * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret


async def wait_for_any(*events: asyncio.Event, timeout_s: float) -> None:
    """Return when one of the events is set or the time is over."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
