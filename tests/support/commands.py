"""Commands of a service, run as an operator runs them: a process of its own with the settings of the test."""

import asyncio
import os
import sys

from chassis.settings import Settings

LONGEST_S = 60


async def run(module: str, settings: Settings, *arguments: str) -> tuple[int | None, list[str]]:
    """The exit status of `python -m module arguments` and the lines it printed; log lines are left out."""
    env = {f"FLASH_{name}".upper(): str(value) for name, value in settings if value is not None}
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", module, *arguments],
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(LONGEST_S):
        output, _ = await child.communicate()
    return child.returncode, [line for line in output.decode().splitlines() if not line.startswith("{")]
