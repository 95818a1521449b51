"""An installation of its own for each test of the runner."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from flash_local.home import Home
from flash_local.installation import Installation
from rich.console import Console


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may pass through; pytest's are closed to everybody else."""
    folder = Path(tempfile.mkdtemp(prefix="flash-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def here(folder: Path) -> AsyncIterator[Installation]:
    """An installation whose processes end with the test."""
    here = Installation.open(Home(folder), Console(quiet=True))
    yield here
    await here.supervisor.stop()
