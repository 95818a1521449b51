"""The engines without the platform, for tests: they live as long as the process that wants them."""

import asyncio
import json
import os
import signal
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from flash_local.artifacts import fetch
from flash_local.engines.every import artifacts, start_engines
from flash_local.home import Home
from flash_local.installation import Installation
from flash_local.private_files import write_whole

ADDRESSES_FILE = "engines.json"


async def serve(folder: Path, wanted_by: int, console: Console) -> None:
    """Run the engines in this folder until the process `wanted_by` has ended, or until a signal.

    Their addresses are in `engines.json` once all are ready. Linux only.
    """
    await asyncio.to_thread(fetch, artifacts(), console)
    here = Installation.open(Home(folder), console)
    await here.run(_start(here), _stopping(wanted_by))


async def _start(here: Installation) -> None:
    engines = await start_engines(here)
    write_whole(here.home.folder / ADDRESSES_FILE, json.dumps(asdict(engines)))


def _stopping(wanted_by: int) -> asyncio.Event:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_reader(os.pidfd_open(wanted_by), stopping.set)  # readable once that process has ended
    return stopping
