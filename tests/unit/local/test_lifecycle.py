"""One supervisor for one installation; however it ends, no process stays."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from flash_local import lifecycle
from flash_local.errors import SetupError
from flash_local.home import Home
from flash_local.leftovers import Leftovers
from rich.console import Console

from tests.support.waiting import eventually

QUIET = Console(quiet=True)

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from rich.console import Console
from flash_local import lifecycle
from flash_local.errors import SetupError
from flash_local.home import Home
from tests.unit.local.test_processes import SLEEPER, running

async def start(here, stopping):
    await here.supervisor.start(running(SLEEPER))
    if sys.argv[2] == "fails":
        raise SetupError("port 5 is taken")
    here.home.state_file.write_text("{}")
    if sys.argv[2] == "once":
        stopping.set()

lifecycle.supervise(Home(Path(sys.argv[1])), Console(), start)
"""

UP = """
import ast, sys
from pathlib import Path
from rich.console import Console
from flash_local import lifecycle
from flash_local.home import Home

lifecycle.SUPERVISOR = ast.literal_eval(sys.argv[2])
lifecycle.start_in_background(Home(Path(sys.argv[1])), Console())
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """An installation that is stopped at the end."""
    home = Home(tmp_path)
    yield home
    lifecycle.stop(home, QUIET)


def command(home: Home, how: str = "stays") -> list[str]:
    """A supervisor of one sleeping program."""
    return [sys.executable, "-c", SUPERVISOR, str(home.folder), how]


async def run(argv: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run to the end, as from a shell."""
    return await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, check=False)


async def up(home: Home, how: str = "stays") -> "subprocess.CompletedProcess[str]":
    """Start in the background."""
    return await run([sys.executable, "-c", UP, str(home.folder), repr(command(home, how))])


def programs(home: Home) -> list[psutil.Process]:
    """What runs."""
    return list(Leftovers(home.processes_file).alive().values())


async def test_up_returns_when_ready_and_down_leaves_nothing(home: Home) -> None:
    assert (await up(home)).returncode == 0
    [program] = programs(home)
    assert lifecycle.is_running(home)
    await asyncio.to_thread(lifecycle.stop, home, QUIET)
    assert not lifecycle.is_running(home)
    assert not program.is_running()
    assert not home.state_file.exists()


async def test_up_says_that_and_why_a_start_failed_and_leaves_nothing(home: Home) -> None:
    failed = await up(home, "fails")
    assert "did not start; the reason is above" in failed.stderr
    assert "port 5 is taken" in failed.stdout
    assert programs(home) == []
    assert not lifecycle.is_running(home)


async def test_there_is_one_supervisor_of_one_installation(home: Home) -> None:
    await up(home)
    second = await run(command(home))
    assert second.returncode == 1
    assert "make down" in second.stderr
    assert len(programs(home)) == 1


async def test_no_program_outlives_a_killed_supervisor_and_the_next_start_works(home: Home) -> None:
    await up(home)
    [program] = programs(home)
    os.kill(int(home.pid_file.read_text()), signal.SIGKILL)
    await eventually(lambda: not program.is_running() or program.status() == psutil.STATUS_ZOMBIE)
    await eventually(lambda: not lifecycle.is_running(home))
    assert (await up(home)).returncode == 0
    assert len(programs(home)) == 1


async def test_a_run_that_ends_by_itself_stops_everything_with_status_0(home: Home) -> None:
    done = await run(command(home, "once"))
    assert done.returncode == 0, done.stderr
    assert programs(home) == []


async def test_data_is_not_forgotten_under_a_running_platform(home: Home) -> None:
    await up(home)
    with pytest.raises(SetupError, match="make down"):
        lifecycle.clean_data(home)
    await asyncio.to_thread(lifecycle.stop, home, QUIET)
    lifecycle.clean_data(home)
    assert not home.folder.exists()
