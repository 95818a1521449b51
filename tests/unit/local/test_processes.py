"""What the runner starts, it ends; what does not start is said with the end of its log."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from flash_local.errors import SetupError
from flash_local.processes import Process, Program, free_port, in_use, port_answers

from tests.support.waiting import eventually

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', '''{STUBBORN}''']); {STUBBORN}"
SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from flash_local.processes import Process
from tests.unit.local.test_processes import SLEEPER, running

async def main():
    process = await Process.start(running(SLEEPER), Path(sys.argv[1]))
    print(process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def at_once() -> bool:
    """A probe of something that is ready as soon as it runs."""
    return True


async def never() -> bool:
    """A probe of something that does not get ready."""
    return False


def running(code: str, **settings: object) -> Program:
    """A program of these lines of Python."""
    chosen: dict[str, object] = {"ready": at_once, **settings}
    return Program(name="thing", argv=[sys.executable, "-c", code], **chosen)  # type: ignore[arg-type]  # by name


async def test_a_program_is_ready_once_its_port_answers(tmp_path: Path) -> None:
    port = free_port()
    code = f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"
    process = await Process.start(running(code, ready=port_answers(port)), tmp_path / "log")
    await process.wait_ready()
    assert in_use(port)
    await process.stop()
    assert not in_use(port)


async def test_one_that_ends_early_is_reported_with_its_status_and_last_words(tmp_path: Path) -> None:
    code = "print('port 5 is taken'); raise SystemExit(3)"
    process = await Process.start(running(code, ready=never), tmp_path / "log")
    with pytest.raises(SetupError, match=r"thing ended with status 3.\n.*(?s:.)*port 5 is taken"):
        await process.wait_ready()


async def test_one_that_is_not_ready_in_time_is_reported_with_its_last_words(tmp_path: Path) -> None:
    process = await Process.start(running(SLEEPER, ready=never, ready_within_s=0.5), tmp_path / "log")
    with pytest.raises(SetupError, match="thing was not ready within"):
        await process.wait_ready()
    await process.kill()


async def test_a_program_that_is_not_there_is_reported(tmp_path: Path) -> None:
    missing = Program(name="thing", argv=[str(tmp_path / "nothing")], ready=at_once)
    with pytest.raises(SetupError, match="thing could not be started"):
        await Process.start(missing, tmp_path / "log")


async def test_one_that_has_something_to_finish_is_asked_before_the_signal(tmp_path: Path) -> None:
    seen: list[int | None] = []

    async def before_stop() -> None:
        seen.append(process.status)

    process = await Process.start(running(SLEEPER, before_stop=before_stop), tmp_path / "log")
    await process.stop()
    assert seen == [None]
    assert process.status == -signal.SIGTERM


async def test_one_that_does_not_want_to_stop_is_ended_with_its_children(tmp_path: Path) -> None:
    process = await Process.start(running(PARENT, stop_within_s=0.3), tmp_path / "log")
    await eventually(lambda: (tmp_path / "log").read_text().count("up") == 2)
    family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children())]
    await process.stop()
    assert process.status == -signal.SIGKILL
    await eventually(lambda: not any(_runs(pid) for pid in family))


async def test_no_process_outlives_a_starter_that_was_killed(tmp_path: Path) -> None:
    starter = await Process.start(
        Program(name="starter", argv=[sys.executable, "-c", SUPERVISOR, str(tmp_path / "child")], ready=at_once),
        tmp_path / "log",
    )
    child = await eventually(lambda: int((tmp_path / "log").read_text() or 0))
    await eventually(lambda: "up" in (tmp_path / "child").read_text())
    os.kill(starter.pid, signal.SIGKILL)
    await eventually(lambda: not _runs(child))
    await starter.wait_ended()


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
