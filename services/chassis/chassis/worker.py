"""Work that no request asks for: a function run again and again, woken by commits and by the clock."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from chassis import logs, trace
from chassis.database import Database, is_transient
from chassis.progress import Progress

log = logs.get(__name__)

LONGEST_ROUND_MS = 10_000


class Worker:
    """Calls `run` until it returns False, then waits for `interval_ms` or the next commit of this process.

    A failure of the moment is retried with growing pauses; any other error ends the process, which says so. A round
    that takes longer than `longest_round_ms` is trouble. `kind` says with which part of the service it runs.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[], Awaitable[bool]],
        interval_ms: int,
        *,
        wake_on_commit: bool = True,
        longest_round_ms: int = LONGEST_ROUND_MS,
        kind: str = "worker",
    ) -> None:
        self.name = name
        self.kind = kind
        self._run = run
        self._interval_s = interval_ms / 1000
        self._wake_on_commit = wake_on_commit
        self._longest_round_s = longest_round_ms / 1000
        self._failures = 0
        self._progress = Progress()

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; the piece at hand is finished."""
        wake = database.commits() if self._wake_on_commit else asyncio.Event()
        while not stopping.is_set():
            wake.clear()
            if await self._step():
                continue
            await wait_for_any(stopping, wake, timeout_s=self._pause_s())

    def problem(self) -> str | None:
        """Why this component does not get on: a round that does not end, or ends in failure, for too long."""
        stalled_s = self._progress.stalled_s()
        if stalled_s <= self._longest_round_s:
            return None
        return f"failed {self._failures} times in a row" if self._failures else f"at one round for {stalled_s:.0f} s"

    async def _step(self) -> bool:
        self._progress.began()
        try:
            with trace.continued(None):
                more = await self._run()
        except Exception as error:
            if not is_transient(error):
                raise
            self._failures += 1
            self._progress.failed()
            log.warning("worker_failed_for_now", worker=self.name, error=repr(error), failures=self._failures)
            return False
        self._failures = 0
        self._progress.rested()
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
