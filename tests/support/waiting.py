"""Waiting for what becomes true later: no test sleeps for a guessed time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")

FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 0.25
WAITS_FOR_LOCK = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
"""
"""Whether somebody in this database waits for another; each test has a database to itself."""


@overload
async def eventually(check: Callable[[], Awaitable[T]], deadline_s: float = 10) -> T: ...
@overload
async def eventually(check: Callable[[], T], deadline_s: float = 10) -> T: ...
async def eventually(check: Callable[[], T | Awaitable[T]], deadline_s: float = 10) -> T:
    """The first truthy result of `check`, which may be a coroutine function and may raise AssertionError until then.

    Raises AssertionError with the last result or failure when the deadline has passed.
    """
    ends, pause_s = time.monotonic() + deadline_s, FIRST_PAUSE_S
    while True:
        try:
            result = check()
            value: T = await result if inspect.isawaitable(result) else result
            if value:
                return value
            last = f"last result: {value!r}"
        except AssertionError as failure:
            last = f"last failure: {failure}"
        assert time.monotonic() < ends, f"not within {deadline_s} s; {last}"
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
