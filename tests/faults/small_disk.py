"""A file system of limited size for PostgreSQL's data, and no room left on it; only where we may mount one."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIZE = "1g"
BALLAST = "ballast"
ATTEMPTS = 50


class NotMounted(Exception):
    """This machine does not let us mount; the message says what it said."""


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """An empty file system in memory in place of the folder while the block runs. Raises NotMounted."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
    try:
        yield
    finally:
        _run("umount", "--lazy", str(folder))


def obstacle() -> str | None:
    """Why no such file system can be had here, if so."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with mounted(Path(folder)):
                return None
        except NotMounted as refusal:
            return f"nothing may be mounted here ({refusal}); rows 24 and 25 have writes refused otherwise"


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """No room is left while the block runs."""
    fill(folder)
    try:
        yield
    finally:
        (folder / BALLAST).unlink()


def fill(folder: Path) -> None:
    """Take all room that there is, also what somebody gave up since the last time."""
    assert folder.is_mount(), f"{folder} is on a disk of others"
    with (folder / BALLAST).open("ab") as ballast:
        for _ in range(ATTEMPTS):
            if not (free := shutil.disk_usage(folder).free):
                return
            with suppress(OSError):  # somebody else was quicker
                os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), free)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotMounted(str(error)) from error
    if done.returncode:
        said = done.stderr.strip().partition("\n")[0].rpartition(": ")[2]  # without the folder's name
        raise NotMounted(said or f"{command[0]} ended with {done.returncode}")
