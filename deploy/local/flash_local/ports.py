"""Which port each process listens on: the one of the last start while it is free, else a new one."""

import json
from collections.abc import Callable
from pathlib import Path

import psutil
from rich.console import Console

from flash_local.private_files import write_private
from flash_local.processes import free_port, in_use


class Ports:
    """Ports by process name, remembered in a file."""

    def __init__(self, file: Path, console: Console) -> None:
        self._file = file
        self._console = console
        self._known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        self._taken: dict[str, int] = {}

    def take(self, name: str, choose: Callable[[], int] = free_port) -> int:
        """The port of this name: the same for the whole of this start, and remembered for the next."""
        if name not in self._taken:
            self._taken[name] = self._known[name] = self._choose(name, choose)
            write_private(self._file, json.dumps(self._known, indent=2))
        return self._taken[name]

    def taken_by_others(self) -> dict[str, int]:
        """Remembered ports that somebody listens on, by name, while nothing of ours runs."""
        return {name: port for name, port in self._known.items() if in_use(port)}

    def _choose(self, name: str, choose: Callable[[], int]) -> int:
        before = self._known.get(name)
        others = {port for other, port in self._known.items() if other != name}
        if before and before not in others and not in_use(before):
            return before
        port = choose()
        while port in others:  # that of a process which does not listen yet
            port = choose()
        if before:
            self._console.print(f"Port {before} ({name}) is in use by {user_of(before)}; taking {port} instead.")
        return port


def user_of(port: int) -> str:
    """The process that listens on a port, as far as we may see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,) and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:  # some systems show this to their administrator only
        pass
    return "another process"
