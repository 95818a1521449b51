"""Engine artifacts by pinned coordinate, verified against the committed lock, in a cache that many may share.

Whoever fetches (jgo) only warns of a wrong checksum, so every file is verified here before it gets its final name;
a file in the cache is known by its own hash, checked again whenever its size or time changed.
"""

import hashlib
import json
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jgo.maven import MavenContext, PythonResolver
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from flash_local.errors import SetupError
from flash_local.home import cache_folder
from flash_local.locks import file_lock
from flash_local.private_files import write_whole

LOCK_FILE = Path(__file__).parent.parent / "engines.lock.toml"
FETCHES_AT_ONCE = 6
FETCH_ATTEMPTS = 3


@dataclass(frozen=True)
class Artifact:
    """One file: `coordinate` is group:artifact:version[:packaging[:classifier]]."""

    coordinate: str
    sha256: str
    size_bytes: int

    @property
    def file_name(self) -> str:
        """The name in the cache; it holds the hash, so two versions never meet."""
        _, artifact, version, *rest = self.coordinate.split(":")
        classifier = f"-{rest[1]}" if len(rest) > 1 else ""
        return f"{artifact}-{version}{classifier}-{self.sha256[:12]}.jar"


def locked(engine: str) -> list[Artifact]:
    """The artifacts of one engine, as the lock file pins them."""
    lock = tomllib.loads(LOCK_FILE.read_text(encoding="utf-8"))
    return [Artifact(coordinate, pin["sha256"], pin["bytes"]) for coordinate, pin in lock[engine].items()]


def fetch(artifacts: Sequence[Artifact], console: Console) -> list[Path]:
    """The verified files of these artifacts, in order; what is missing is fetched with a progress display.

    Raises SetupError when one cannot be had or is not what the lock says.
    """
    folder = _folder()
    with file_lock(folder / ".lock"):
        known = _Verified(folder)
        missing = [artifact for artifact in artifacts if not known.holds(artifact)]
        if missing:
            _fetch_all(missing, folder, console)
        for artifact in missing:
            known.remember(artifact)
        known.save()
    return [folder / artifact.file_name for artifact in artifacts]


def unfetched(artifacts: Sequence[Artifact]) -> list[Artifact]:
    """Those that the cache does not hold."""
    return [artifact for artifact in artifacts if not (_folder() / artifact.file_name).exists()]


def _folder() -> Path:
    return cache_folder() / "artifacts"


def _fetch_all(missing: Sequence[Artifact], folder: Path, console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    total_bytes = sum(artifact.size_bytes for artifact in missing)
    threads = ThreadPoolExecutor(FETCHES_AT_ONCE)
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task(f"Fetching {len(missing)} engine files", total=total_bytes)
            for artifact in threads.map(lambda item: _fetch_one(item, folder), missing):
                progress.advance(task, artifact.size_bytes)
    finally:
        threads.shutdown(cancel_futures=True)  # after the first that fails, the rest need not start


def _fetch_one(artifact: Artifact, folder: Path) -> Artifact:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as scratch:
        file = _download_patiently(artifact, Path(scratch))
        verify(file, artifact)
        file.rename(folder / artifact.file_name)
    return artifact


def _download_patiently(artifact: Artifact, scratch: Path) -> Path:
    for attempt in range(1, FETCH_ATTEMPTS + 1):
        try:
            return _download(artifact, scratch)
        except (OSError, RuntimeError) as error:
            if attempt == FETCH_ATTEMPTS:
                raise SetupError(
                    f"{artifact.coordinate} could not be fetched from the Maven registry ({type(error).__name__}). "
                    "Check the network and proxy settings, then run the same command again."
                ) from error
    raise AssertionError("the last attempt returns or raises")


def _download(artifact: Artifact, scratch: Path) -> Path:
    group, name, version, *rest = artifact.coordinate.split(":")
    context = MavenContext(repo_cache=scratch, resolver=PythonResolver())
    wanted = context.project(group, name).at_version(version)
    return Path(wanted.artifact(classifier=rest[1] if len(rest) > 1 else "", packaging="jar").resolve())


def verify(file: Path, artifact: Artifact) -> None:
    """Raise SetupError unless the file is exactly what the lock pins."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != artifact.sha256:
        raise SetupError(
            f"{artifact.coordinate} has SHA-256 {found}, the lock says {artifact.sha256}. It was not used. "
            "Fetch again; if it stays so, the registry or the way to it is not to be trusted."
        )


class _Verified:
    """Which files of the cache were verified, with the size and time they had then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "verified.json"
        self._known: dict[str, list[int]] = json.loads(self._file.read_text()) if self._file.exists() else {}

    def holds(self, artifact: Artifact) -> bool:
        """Whether the file is there and right; a changed one is hashed again, and removed when wrong."""
        file = self._folder / artifact.file_name
        if not file.exists():
            return False
        if self._known.get(artifact.file_name) == _stamp(file):
            return True
        try:
            verify(file, artifact)
        except SetupError:
            file.unlink(missing_ok=True)
            return False
        self.remember(artifact)
        return True

    def remember(self, artifact: Artifact) -> None:
        """The file is right as it is now."""
        self._known[artifact.file_name] = _stamp(self._folder / artifact.file_name)

    def save(self) -> None:
        """Keep it for the next start, whole or not at all."""
        write_whole(self._file, json.dumps(self._known))


def _stamp(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]
