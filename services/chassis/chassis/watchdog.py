"""Beside everything else of a process: ends it when a restart would help, and never otherwise.

A component is in trouble when its `problem()` says so: a task of it has ended, or for `stalled_after_ms` it has been at
something and did not get on. `/ready` fails from then on. Whether a restart would help depends on what it needs:

- Kafka, PostgreSQL or OpenSearch does not answer: it would not. The component keeps trying, and `/ready` says who.
- Everything answers, on connections made for the question: then the trouble is in this process. `/live` fails, and
  `restart_after_ms` after the trouble began the process ends itself, whether or not anybody asks `/live`.

An event loop that is blocked can neither answer nor watch itself; a thread does that.
"""

import asyncio
import os
import sys
import threading
import time
import traceback
from collections.abc import Mapping

from chassis import logs
from chassis.health import Health, Ping, without_answer
from chassis.settings import Settings

log = logs.get(__name__)

LOOK_INTERVAL_S = 1.0
LOOKS_PER_LIMIT = 20
LAST_WORDS_WITHIN_S = 1.0


class Watchdog:
    """Looks after the components. `needs` are what they cannot do without, each asked on a connection of its own."""

    def __init__(self, health: Health, needs: Mapping[str, Ping], settings: Settings) -> None:
        self._health = health
        self._needs = needs
        self._patience_s = max(0, settings.restart_after_ms - settings.stalled_after_ms) / 1000
        self._since: dict[str, float] = {}

    async def run(self) -> None:
        """Return when the process should end."""
        while True:
            if await self._restart_helps():
                return
            await asyncio.sleep(LOOK_INTERVAL_S)

    async def _restart_helps(self) -> bool:
        problems = self._health.problems()
        self._health.unanswered = await without_answer(self._needs) if problems else {}
        stuck = {} if self._health.unanswered else problems
        self._since = {name: self._since.get(name, time.monotonic()) for name in stuck}
        overdue = [name for name, since in self._since.items() if time.monotonic() - since >= self._patience_s]
        for name in overdue:
            log.error("component_stuck", component=name, reason=problems[name])
        return bool(overdue)


class LoopWatch:
    """A thread that ends the process when the event loop has not moved for `restart_after_ms`.

    It counts its own looks and not the clock's seconds: a process that was stopped as a whole is not to blame.
    """

    def __init__(self, service: str, settings: Settings) -> None:
        self._service = service
        self._interval_s = settings.restart_after_ms / 1000 / LOOKS_PER_LIMIT
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._ticks = 0
        self._left = threading.Event()

    def __enter__(self) -> "LoopWatch":
        self._tick()
        threading.Thread(target=self._watch, name="loop-watch", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._next_tick.cancel()

    def _tick(self) -> None:
        self._ticks += 1
        self._next_tick = self._loop.call_later(self._interval_s / 2, self._tick)

    def _watch(self) -> None:
        seen = still = 0
        while still < LOOKS_PER_LIMIT:
            if self._left.wait(self._interval_s):
                return
            still = still + 1 if self._ticks == seen else 0
            seen = self._ticks
        end_at_once(self._service, "event_loop_blocked", frames=_frames_of(self._loop_thread))


def end_at_the_latest(service: str, after_s: float) -> None:
    """However the stop goes, the process does not outlive this."""
    thread = threading.get_ident()

    def end() -> None:
        end_at_once(service, "stop_cut_off", frames=_frames_of(thread))

    timer = threading.Timer(after_s, end)
    timer.daemon = True
    timer.start()


def end_at_once(service: str, event: str, **fields: object) -> None:
    """End with status 1 and a line of the log, which may not be possible when nobody reads it any more."""
    timer = threading.Timer(LAST_WORDS_WITHIN_S, os._exit, [1])
    timer.daemon = True
    timer.start()
    logs.write_past_everything(service, event, **fields)
    os._exit(1)


def _frames_of(thread: int) -> list[str]:
    """Where a thread stands: places only, no values."""
    frame = sys._current_frames().get(thread)
    return [f"{code.f_code.co_filename}:{line} {code.f_code.co_name}" for code, line in traceback.walk_stack(frame)]
