"""The whole platform, once for all tests that need it: what `make up` starts, in a folder of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flash_local.home import Home
from flash_local.state import State, read_state

STARTED_WITHIN_S = 240


@dataclass
class Platform:
    """A running platform and its command line."""

    home: Home
    environment: dict[str, str]

    @property
    def state(self) -> State:
        """What it says of itself."""
        state = read_state(self.home.state_file)
        assert state, "the platform does not run"
        return state

    def flash(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the runner on it."""
        command = [sys.executable, "-m", "flash_local.cli", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=STARTED_WITHIN_S
        )


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    folder = Path(tempfile.mkdtemp(prefix="flash-e2e-"))
    folder.chmod(0o711)
    platform = Platform(Home(folder), {**os.environ, "FLASH_HOME": str(folder)})
    up = platform.flash("up")
    assert up.returncode == 0, up.stdout + up.stderr
    yield platform
    down = platform.flash("down")
    assert down.returncode == 0, down.stdout + down.stderr
    shutil.rmtree(folder)
