"""The engines that tests run on: those named in the environment, or one set for all workers of this test run."""

import json
import os
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
from flash_local.engines.alone import ADDRESSES_FILE
from flash_local.engines.every import Engines
from flash_local.locks import file_lock

READY_WITHIN_S = 240
"""Includes fetching them on a machine that never had them."""
STOPPED_WITHIN_S = 60

VARIABLES = ("FLASH_TEST_POSTGRES_URL", "FLASH_TEST_KAFKA", "FLASH_TEST_OPENSEARCH")
FOLDER_VARIABLE = "FLASH_TEST_FOLDER"
OWNER_FILE = "owner.pid"
KEEPER_FILE = "keeper.pid"


def open_folder() -> None:
    """Called once, by the process that starts the workers: the place where they will find each other."""
    if not given() and FOLDER_VARIABLE not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="flash-tests-"))
        folder.chmod(0o711)  # PostgreSQL's own user passes through
        (folder / OWNER_FILE).write_text(str(os.getpid()))
        os.environ[FOLDER_VARIABLE] = str(folder)


def close_folder() -> None:
    """Called once, by the same process at its end: stop what was started, leave no process and no file."""
    folder = Path(os.environ.get(FOLDER_VARIABLE, os.devnull))
    owner = folder / OWNER_FILE
    if owner.exists() and owner.read_text() == str(os.getpid()):
        keeper = folder / KEEPER_FILE
        if keeper.exists():
            _stop(int(keeper.read_text()))
        shutil.rmtree(folder)


def given() -> Engines | None:
    """The engines that the environment names, if it names all three."""
    addresses = [os.environ.get(name, "") for name in VARIABLES]
    return Engines(*addresses) if all(addresses) else None


def running() -> Engines:
    """Engines that run, started by the first worker that asks. Raises RuntimeError with their log."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    addresses = folder / ADDRESSES_FILE
    with file_lock(folder / "lock"):
        if not addresses.exists():
            _start(folder, addresses)
    return Engines(**json.loads(addresses.read_text()))


def _start(folder: Path, addresses: Path) -> None:
    owner, log_file = (folder / OWNER_FILE).read_text(), folder / "engines.log"
    command = [sys.executable, "-m", "flash_local.cli", "engines", str(folder), "--wanted-by", owner]
    keeper = os.posix_spawn(sys.executable, command, os.environ, file_actions=_into(log_file), setsid=True)
    (folder / KEEPER_FILE).write_text(str(keeper))
    ends = time.monotonic() + READY_WITHIN_S
    while not addresses.exists():
        if os.waitpid(keeper, os.WNOHANG) != (0, 0) or time.monotonic() > ends:
            raise RuntimeError(f"the engines did not start:\n{log_file.read_text()}")
        time.sleep(0.05)


def _into(log_file: Path) -> list[tuple[int, int, str, int, int] | tuple[int, int, int]]:
    return [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log_file), os.O_WRONLY | os.O_CREAT, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]


def _stop(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        keeper = psutil.Process(pid)
        keeper.terminate()
        keeper.wait(STOPPED_WITHIN_S)
