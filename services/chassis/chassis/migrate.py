"""The one-shot command that brings a service's database up to date: the chassis' tables, then the service's own.

Run once per deployment, never by a replica at start. Two at once wait for each other on a database lock. The address
has a password, so the tool gets it where the list of processes does not show it.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

CHASSIS_MIGRATIONS = Path(__file__).parent.parent / "migrations"


def migrate(database_url: str, migrations: Path) -> int:
    """Apply what is missing, print what was applied; the exit status of the tool."""
    return subprocess.run(  # noqa: S603 - our own pinned tool, no shell
        [
            str(_dbmate()),
            "--migrations-dir",
            str(CHASSIS_MIGRATIONS),
            "--migrations-dir",
            str(migrations),
            "--no-dump-schema",
            "--migration-lock",
            "migrate",
        ],
        env={**os.environ, "DATABASE_URL": _with_sslmode(database_url)},
        check=False,
        stdout=sys.stdout,
        stderr=sys.stderr,
    ).returncode


def _dbmate() -> Path:
    return Path(sysconfig.get_path("scripts")) / "dbmate"


def _with_sslmode(url: str) -> str:
    """The tool insists on TLS unless told; the address decides, and a plain one means a plain connection."""
    return url if "sslmode=" in url else f"{url}{'&' if '?' in url else '?'}sslmode=disable"
