"""The first step on a new machine: checks what nothing can do without, then makes `.venv` with everything pinned.

Run by the machine's own Python with nothing installed, so: the standard library only.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed"
LOCK = CHECKOUT / "requirements.lock"

UV = "uv==0.13.9"
PYTHON_MIN = (3, 11)
GLIBC_MIN = (2, 31)
VENV_BYTES = 1_500_000_000
MACHINES = ("x86_64", "aarch64")


def main() -> int:
    """Make or bring up to date `.venv`. Does nothing when nothing changed."""
    missing = unmet()
    if missing:
        print("\n".join(missing), file=sys.stderr)
        return 1
    wanted = _fingerprint()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return 0
    print("Installing Python packages into .venv (about 100, hash-checked; a minute the first time)")
    for command in _steps():
        if subprocess.run(command, env=_environment(), check=False).returncode:
            print(_advice(command), file=sys.stderr)
            return 1
    STAMP.write_text(wanted)
    return 0


def unmet() -> list[str]:
    """What this machine lacks, each as a sentence with what to do."""
    version, libc = sys.version_info[:2], glibc()
    free_bytes = shutil.disk_usage(CHECKOUT).free
    found = []
    if version < PYTHON_MIN:
        found.append(
            f"Python {dotted(version)} is too old: install Python {dotted(PYTHON_MIN)} or newer, "
            "then run `make PYTHON=<its path> ...`."
        )
    if platform.system() != "Linux" or platform.machine() not in MACHINES:
        found.append(
            f"{platform.system()} on {platform.machine()} is not supported: use Linux on {' or '.join(MACHINES)}."
        )
    elif libc < GLIBC_MIN:
        found.append(
            f"The C library is {f'glibc {dotted(libc)}' if libc else 'not glibc'}: use a distribution "
            f"with glibc {dotted(GLIBC_MIN)} or newer (Debian 11, Ubuntu 20.04, RHEL 9)."
        )
    if not PYTHON.exists() and free_bytes < VENV_BYTES:
        found.append(f"{CHECKOUT} has {free_bytes / 1e9:.1f} GB free, {VENV_BYTES / 1e9:.1f} GB are needed: free some.")
    return found


def _steps() -> list[list[str]]:
    editable = [part for file in _members() for part in ("-e", str(file.parent))]
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
    create = [[sys.executable, "-m", "venv", str(VENV)]] if not PYTHON.exists() else []
    return [
        *create,
        [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV],
        [*uv, "--require-hashes", "-r", str(LOCK)],
        [*uv, "--no-deps", *editable],
    ]


def _environment() -> dict[str, str]:
    """uv does not read pip's configuration; a package index that the machine set for pip counts for uv as well."""
    environment = dict(os.environ)
    index = _pip_setting("index-url")
    if index:
        environment.setdefault("UV_DEFAULT_INDEX", index)
    return environment


def _pip_setting(name: str) -> str:
    for section in ("global", "install", ":env:"):
        asked = [sys.executable, "-m", "pip", "config", "get", f"{section}.{name}"]
        found = subprocess.run(asked, capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
    return ""


def _advice(command: list[str]) -> str:
    if "venv" in command:
        return (
            "Python could not make a virtual environment: install its venv module (Debian: apt install python3-venv)."
        )
    return (
        "Python packages could not be installed; the reason is above. If the package registry cannot be reached, "
        "check the network and the proxy or index settings of pip; then run the same command again."
    )


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{UV} {sys.version} {CHECKOUT}".encode())
    for file in [LOCK, *_members()]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _members() -> list[Path]:
    places = ("schemas", "services/*", "deploy/local")
    return [file for place in places for file in sorted(CHECKOUT.glob(f"{place}/pyproject.toml"))]


def glibc() -> tuple[int, ...]:
    """The version of the C library; empty when it is another one."""
    name, version = platform.libc_ver()
    return tuple(int(part) for part in version.split(".")[:2]) if name == "glibc" else ()


def dotted(version: tuple[int, ...]) -> str:
    """A version as people write it."""
    return ".".join(str(part) for part in version)


if __name__ == "__main__":
    sys.exit(main())
