"""The whole platform: how long it takes to start and how much memory it holds, and from a 200 to a search hit."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import httpx2
import psutil
from flash_local.home import Home
from flash_local.leftovers import Leftovers
from flash_local.state import State, read_state

from tests.bench.measure import quantiles

EDITS = 60
PAUSE_S = 0.02


def run() -> None:
    """Print the figures."""
    folder = Path(tempfile.mkdtemp(prefix="flash-bench-"))
    folder.chmod(0o711)
    environment, home = {**os.environ, "FLASH_HOME": str(folder)}, Home(folder)
    try:
        print(f"first start, engines fetched before: {_flash(environment, 'up'):.1f} s", flush=True)
        _flash(environment, "down")
        print(f"warm start: {_flash(environment, 'up'):.1f} s", flush=True)
        print(f"story: {_flash(environment, 'demo'):.1f} s", flush=True)
        state = read_state(home.state_file)
        assert state, "it runs"
        print(f"memory after the story: {_memory_bytes(home) / 1e9:.2f} GB", flush=True)
        _visibility(state)
    finally:
        _flash(environment, "down")
        shutil.rmtree(folder)


def _flash(environment: dict[str, str], command: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "flash_local.cli", command], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def _memory_bytes(home: Home) -> int:
    """Proportional, so that pages which processes share count once."""
    processes = [
        p for each in Leftovers(home.processes_file).alive().values() for p in (each, *each.children(recursive=True))
    ]
    return sum(_proportional_bytes(process) for process in processes)


def _proportional_bytes(process: psutil.Process) -> int:
    return int(process.memory_full_info().pss)


def _visibility(state: State) -> None:
    """Edits of a profile, each timed from its 200 until a search finds the new word; the refresh interval is 1 s."""
    mentor, learner = (_bearer(state.personas[name].token) for name in ("mentor", "learner"))
    with httpx2.Client(base_url=str(state.gateway), trust_env=False, timeout=20) as client:
        programs = client.get("/api/v1/programs", headers=learner).json()["items"]
        url, seconds = f"/api/v1/programs/{programs[-1]['program_id']}/people", []
        for _ in range(EDITS):
            word = f"w{uuid4().hex[:12]}"
            tag = client.get("/api/v1/me/profile", headers=mentor).headers["ETag"]
            answer = client.put("/api/v1/me/profile", json={"bio": word}, headers={**mentor, "If-Match": tag})
            answer.raise_for_status()
            answered = time.perf_counter()
            query = {"q": word, "available": "any"}
            while not client.get(url, params=query, headers=learner).json().get("items"):
                time.sleep(PAUSE_S)
            seconds.append(time.perf_counter() - answered)
    quantiles("HTTP 200 to searchable, refresh every 1,000 ms", seconds)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
