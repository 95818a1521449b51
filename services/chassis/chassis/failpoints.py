"""Named points at which a test of faults ends or holds this process; inert unless FLASH_FAILPOINTS names a folder.

A point is armed by a file `<service>.<point>` in that folder. The process removes the file as it acts, so the one that
is started after it goes on, and whoever armed the point sees that it was passed.
"""

import os
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

KILLED = 137
"""The status that a process ended by `kill -9` would have in a shell."""


class Action(BaseModel):
    """What to do at the `at_pass`-th time: end without any cleanup, hold the whole process for a while, or fail.

    Failing is the one that goes on, at every later pass too, until the file is taken away.
    """

    kind: Literal["exit", "block", "fail"] = "exit"
    at_pass: int = 1
    after_ms: int = 0
    """How long to go on before the end, or to hold."""


class Injected(Exception):
    """A fault was asked for at this point."""


_armed_in: Path | None = None
_service = ""
_passes: Counter[str] = Counter()


def configure(service: str, folder: str) -> None:
    """Look for armed points in this folder from now on; an empty one switches everything off."""
    global _armed_in, _service
    _armed_in, _service = Path(folder) if folder else None, service


def passing(point: str) -> None:
    """The process is at this point."""
    if _armed_in is not None:
        _look(_file(_armed_in, _service, point), point)


@cache
def _file(folder: Path, service: str, point: str) -> Path:
    """Made once: the interpreter's table of names grows with every path that is made, and was taken for a leak."""
    return folder / f"{service}.{point}"


def arm(folder: Path, service: str, point: str, action: Action) -> Path:
    """Have the next process of the service that passes the point act; the file that vanishes when it does."""
    file = _file(folder, service, point)
    scratch = file.with_suffix(".new")
    scratch.write_text(action.model_dump_json())
    return scratch.rename(file)


def _look(file: Path, point: str) -> None:
    try:
        action = Action.model_validate_json(file.read_text())
    except FileNotFoundError:
        del _passes[point]
        return
    _passes[point] += 1
    if _passes[point] < action.at_pass:
        return
    if action.kind == "fail":
        raise Injected(point)
    with suppress(FileNotFoundError):  # another process of the service was quicker
        file.unlink()
        _act(action)


def _act(action: Action) -> None:
    if action.kind == "block":
        time.sleep(action.after_ms / 1000)
    elif action.after_ms:
        threading.Timer(action.after_ms / 1000, os._exit, [KILLED]).start()
    else:
        os._exit(KILLED)
