"""Services as processes of their own, with the settings of a test."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis.settings import Settings
from flash_local.processes import Process, Program, free_port, http_answers

ROOT = Path(__file__).parents[2]
STOPS_WITHIN_S = 10


@dataclass
class Runner:
    """Starts services with the settings of the test; whatever still runs at its end is stopped."""

    settings: Settings
    folder: Path
    exits: AsyncExitStack

    async def start(
        self, *arguments: str, module: str = "tests.support.empty_service", **settings: object
    ) -> tuple[Process, str]:
        """A process and its address."""
        own = self.settings.model_copy(update={"http_port": free_port(), **settings})
        url = f"http://127.0.0.1:{own.http_port}"
        env = {f"FLASH_{name}".upper(): str(value) for name, value in own if value is not None}
        argv = [sys.executable, "-m", module, *arguments]
        program = Program("service", argv, http_answers(f"{url}/ready"), env=env, folder=ROOT)
        process = await Process.start(program, self.folder / "service.log")
        self.exits.push_async_callback(process.stop)
        return process, url

    async def output_of(
        self, *arguments: str, module: str = "tests.support.empty_service", **settings: object
    ) -> tuple[int, str]:
        """The exit status and the output of a process that ends by itself."""
        process, _ = await self.start(*arguments, module=module, **settings)
        async with asyncio.timeout(30):
            status = await process.wait_ended()
        return status, process.log_file.read_text()


def lines(output: str, event: str) -> list[dict[str, Any]]:
    """What the log says of this."""
    said = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [line for line in said if line["event"] == event]


async def stopped(process: Process) -> int:
    """The exit status after an orderly stop, which must be a matter of seconds."""
    async with asyncio.timeout(STOPS_WITHIN_S):
        await process.stop()
        return await process.wait_ended()
