"""A supervised program is started again when it ends or falls silent, later each time, and all end in reverse."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from flash_local import supervisor as supervising
from flash_local.errors import SetupError
from flash_local.home import Home
from flash_local.leftovers import Leftovers
from flash_local.processes import Process, Program
from flash_local.supervisor import Backoff, Supervisor
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.support.waiting import eventually

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
ORDERLY = """
import signal, sys, time
def stop(*_):
    with open(sys.argv[2], 'a') as ends:
        ends.write(sys.argv[1] + ' ')
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print('up', flush=True)
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An installation without a platform."""
    home = Home(tmp_path)
    home.create()
    return home


def prints_up(home: Home, name: str, code: str, *arguments: str) -> Program:
    """A program of these lines, ready once it printed `up`."""
    log = home.logs / f"{name}.log"

    async def ready() -> bool:
        return "up" in log.read_text()

    return Program(name=name, argv=[sys.executable, "-c", code, *arguments], ready=ready)


@given(st.lists(st.floats(min_value=0, max_value=59), min_size=1, max_size=20))
def test_each_quick_failure_doubles_the_wait_up_to_a_limit(ran_s: list[float]) -> None:
    backoff = Backoff(first_s=1, limit_s=30, well_after_s=60)
    waits = [backoff.next_s(seconds) for seconds in ran_s]
    assert waits == [min(2**n, 30) for n in range(len(ran_s))]


def test_a_long_good_run_forgets_earlier_failures() -> None:
    backoff = Backoff(first_s=1, limit_s=30, well_after_s=60)
    assert [backoff.next_s(seconds) for seconds in (0, 0, 0, 61, 0)] == [1, 2, 4, 1, 2]


async def test_a_killed_program_is_started_again(home: Home) -> None:
    supervisor = Supervisor(home, Console(quiet=True))
    await supervisor.start(prints_up(home, "thing", SLEEPER))
    first = supervisor.running["thing"].pid
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: supervisor.running["thing"].pid != first)
    await supervisor.stop()


async def test_a_program_that_lives_but_does_not_answer_is_started_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent() -> bool:
        return False

    monkeypatch.setattr(supervising, "LIVE_INTERVAL_S", 0.05)
    supervisor = Supervisor(home, Console(quiet=True))
    program = prints_up(home, "thing", SLEEPER)
    await supervisor.start(Program(name="thing", argv=program.argv, ready=program.ready, live=silent))
    first = supervisor.running["thing"]
    await eventually(lambda: first.status == -signal.SIGKILL)
    await eventually(lambda: supervisor.running["thing"] is not first)
    await supervisor.stop()


async def test_programs_stop_in_reverse_order(home: Home, tmp_path: Path) -> None:
    supervisor = Supervisor(home, Console(quiet=True))
    for name in ("engine", "service", "gateway"):
        await supervisor.start(prints_up(home, name, ORDERLY, name, str(tmp_path / "ends")))
    await supervisor.stop()
    assert (tmp_path / "ends").read_text().split() == ["gateway", "service", "engine"]


async def test_what_a_dead_supervisor_left_is_ended_and_nothing_else(home: Home) -> None:
    left = await Process.start(prints_up(home, "left", SLEEPER), home.logs / "left.log")
    other = await Process.start(prints_up(home, "other", SLEEPER), home.logs / "other.log")
    Leftovers(home.processes_file).remember("left", left.pid)
    assert Leftovers(home.processes_file).end() == ["left"]
    assert not psutil.pid_exists(left.pid)
    assert other.status is None
    await other.kill()


async def test_a_process_that_got_the_id_of_a_leftover_is_left_alone(home: Home) -> None:
    other = await Process.start(prints_up(home, "other", SLEEPER), home.logs / "other.log")
    home.processes_file.write_text(f'{{"left": [{other.pid}, 12.5]}}')
    assert Leftovers(home.processes_file).end() == []
    assert other.status is None
    await other.kill()


async def test_a_start_that_fails_says_why_and_leaves_no_process(home: Home) -> None:
    supervisor = Supervisor(home, Console(quiet=True))
    await supervisor.start(prints_up(home, "engine", SLEEPER))
    with pytest.raises(SetupError, match="service ended with status 1"):
        await supervisor.start(prints_up(home, "service", "raise SystemExit(1)"))
    engine = supervisor.running["engine"]
    await supervisor.stop()
    assert engine.status is not None
    assert not home.processes_file.exists()
