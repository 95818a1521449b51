"""One supervisor per installation, in the foreground or in the background, and the end of it."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from flash_local.errors import SetupError
from flash_local.home import Home
from flash_local.installation import Installation
from flash_local.leftovers import Leftovers
from flash_local.locks import Held, file_lock

SUPERVISOR = [sys.executable, "-m", "flash_local.cli", "run"]
STOP_WITHIN_S = 120
POLL_INTERVAL_S = 0.1
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Start = Callable[[Installation, asyncio.Event], Coroutine[None, None, None]]


def is_running(home: Home) -> bool:
    """Whether a supervisor of this installation runs."""
    try:
        with file_lock(home.lock_file, wait=False):
            return False
    except Held:
        return True


def supervise(home: Home, console: Console, start: Start) -> None:
    """Start everything and stay until a signal, or until `start` sets the event it is given; then stop everything.

    Raises SetupError when something did not start, or another supervisor runs.
    """
    home.create()
    try:
        with file_lock(home.lock_file, wait=False):
            _supervise_alone(home, console, start)
    except Held as error:
        raise SetupError("The platform runs already. `make down` stops it.") from error


def start_in_background(home: Home, console: Console) -> None:
    """Return when the platform is ready, its supervisor staying; its progress is shown. Raises SetupError."""
    home.create()
    home.state_file.unlink(missing_ok=True)  # of a supervisor that died
    log_file = home.logs / "supervisor.log"
    log_file.write_bytes(b"")
    with log_file.open("ab") as log:
        supervisor = subprocess.Popen(
            SUPERVISOR,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _follow(log_file, console, until=lambda: home.state_file.exists() or supervisor.poll() is not None)
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait(STOP_WITHIN_S)
        raise
    if supervisor.poll() is not None:
        raise SetupError("The platform did not start; the reason is above. `make doctor` checks this machine.")


def stop(home: Home, console: Console) -> None:
    """Stop the supervisor, which stops everything; and whatever a dead one left."""
    if is_running(home) and home.pid_file.exists():
        supervisor = int(home.pid_file.read_text())
        console.print("Stopping everything ...")
        with suppress(ProcessLookupError):
            os.kill(supervisor, signal.SIGTERM)
        _wait_stopped(home, supervisor)
    end_leftovers(home, console)


def end_leftovers(home: Home, console: Console) -> None:
    """End processes of a supervisor that died before it could."""
    names = Leftovers(home.processes_file).end()
    if names:
        console.print(f"Ended what was left of an earlier start: {', '.join(names)}")


def clean_data(home: Home) -> None:
    """Forget everything this installation stored. Raises SetupError while it runs."""
    if is_running(home):
        raise SetupError("The platform runs. Stop it first with `make down`.")
    Leftovers(home.processes_file).end()
    for folder in (home.database_data, home.folder):
        if folder.exists():
            shutil.rmtree(folder)


def _supervise_alone(home: Home, console: Console, start: Start) -> None:
    home.state_file.unlink(missing_ok=True)
    home.pid_file.write_text(str(os.getpid()))
    end_leftovers(home, console)
    try:
        asyncio.run(_supervise(home, console, start))
    finally:
        home.state_file.unlink(missing_ok=True)
        home.pid_file.unlink(missing_ok=True)


async def _supervise(home: Home, console: Console, start: Start) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopping.set)
    here = Installation.open(home, console)
    await here.run(start(here, stopping), stopping)


def _follow(log_file: Path, console: Console, until: Callable[[], bool]) -> None:
    with log_file.open(encoding="utf-8", errors="replace") as log:
        done = False
        while not done:
            done = until()  # asked before reading, so that the last lines are not missed
            console.file.write(log.read())
            console.file.flush()
            time.sleep(POLL_INTERVAL_S)


def _wait_stopped(home: Home, supervisor: int) -> None:
    ends = time.monotonic() + STOP_WITHIN_S
    while is_running(home):
        if time.monotonic() > ends:
            with suppress(ProcessLookupError):
                os.kill(supervisor, signal.SIGKILL)
        time.sleep(POLL_INTERVAL_S)
