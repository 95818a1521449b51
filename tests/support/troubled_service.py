"""A service that gets into the trouble that FLASH_TROUBLE names: what the watchdog makes of it."""

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chassis.consumer import Consumer, Delivery
from chassis.database import Database, Transaction
from chassis.runtime import Service, main
from chassis.settings import Settings
from chassis.worker import Worker

from tests.support.aggregates import TOPIC

PERSONAL = "what Ada wrote to Grace"


async def rests() -> bool:
    """Nothing to do."""
    return False


async def never_ends() -> bool:
    """A round that something forgot."""
    await asyncio.Event().wait()
    return False


async def blocks() -> bool:
    """Code that does not let go of the event loop."""
    said = PERSONAL
    time.sleep(3_600)  # noqa: ASYNC251 - this is the trouble
    return bool(said)


async def take(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Let every event pass."""


JOBS: dict[str, Any] = {"round": never_ends, "loop": blocks}


def build(settings: Settings) -> Service:
    """Relay, probes, one consumer, and the worker that is in trouble."""
    job = JOBS.get(os.environ.get("FLASH_TROUBLE", ""), rests)
    return Service(
        "chassis",
        settings,
        Database(settings),
        consumers=[Consumer("taker", (TOPIC,), take)],
        workers=[Worker("job", job, 1_000, longest_round_ms=settings.stalled_after_ms)],
    )


if __name__ == "__main__":
    with TemporaryDirectory() as no_migrations:
        main(build, Settings, Path(no_migrations))
