"""Failpoints do nothing until they are armed, and then what they are told, once."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chassis import failpoints
from chassis.failpoints import KILLED, Action, arm

PROCESS = """
from chassis import failpoints
failpoints.configure("taker", {folder!r})
for number in range(5):
    failpoints.passing("here")
    print(number, flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    failpoints.configure("taker", str(tmp_path))
    yield tmp_path
    failpoints.configure("", "")


def passes_of_a_process(folder: Path) -> tuple[int, list[str]]:
    program = [sys.executable, "-c", PROCESS.format(folder=str(folder))]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, done.stdout.split()


def test_a_process_ends_at_the_chosen_pass_and_the_next_one_goes_on(tmp_path: Path) -> None:
    armed = arm(tmp_path, "taker", "here", Action(at_pass=3))
    assert passes_of_a_process(tmp_path) == (KILLED, ["0", "1"])
    assert not armed.exists()
    assert passes_of_a_process(tmp_path) == (0, ["0", "1", "2", "3", "4"])


def test_another_service_or_point_passes_on(tmp_path: Path) -> None:
    arm(tmp_path, "giver", "here", Action())
    arm(tmp_path, "taker", "there", Action())
    assert passes_of_a_process(tmp_path)[0] == 0


def test_a_held_process_goes_on_after_the_time(folder: Path) -> None:
    arm(folder, "taker", "here", Action(kind="block", after_ms=50))
    began = time.monotonic()
    failpoints.passing("here")
    held_s = time.monotonic() - began
    failpoints.passing("here")
    assert held_s >= 0.05
    assert not list(folder.iterdir())


def test_passes_count_from_arming(folder: Path) -> None:
    arm(folder, "taker", "here", Action(kind="block", at_pass=2)).unlink()
    failpoints.passing("here")
    armed = arm(folder, "taker", "here", Action(kind="block", at_pass=2))
    failpoints.passing("here")
    assert armed.exists()
    failpoints.passing("here")
    assert not armed.exists()


def test_a_point_that_fails_does_so_until_it_is_taken_away(folder: Path) -> None:
    armed = arm(folder, "taker", "here", Action(kind="fail"))
    for _ in range(2):
        with pytest.raises(failpoints.Injected):
            failpoints.passing("here")
    armed.unlink()
    failpoints.passing("here")
