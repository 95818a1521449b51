"""Engine files are used only when they are exactly what the lock pins."""

import hashlib
from pathlib import Path

import pytest
from flash_local import artifacts as fetching
from flash_local.artifacts import Artifact, fetch, locked
from flash_local.errors import SetupError
from flash_local.home import cache_folder
from rich.console import Console

CONTENT = b"a jar" * 1000
ARTIFACT = Artifact("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
QUIET = Console(quiet=True)


class Registry:
    """Stands in for the Maven registry: gives out what it is told, and counts."""

    def __init__(self) -> None:
        self.gives = CONTENT
        self.asked = 0
        self.unreachable_times = 0

    def download(self, _: Artifact, scratch: Path) -> Path:
        """One file, in the folder it was asked into."""
        self.asked += 1
        if self.asked <= self.unreachable_times:
            raise ConnectionError("no route")
        file = scratch / "download.jar"
        file.write_bytes(self.gives)
        return file


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry, and an empty cache."""
    registry = Registry()
    monkeypatch.setenv("FLASH_CACHE", str(tmp_path))
    monkeypatch.setattr(fetching, "_download", registry.download)
    return registry


def test_a_file_is_fetched_once_and_then_taken_from_the_cache(registry: Registry) -> None:
    [first] = fetch([ARTIFACT], QUIET)
    [second] = fetch([ARTIFACT], QUIET)
    assert first == second
    assert first.read_bytes() == CONTENT
    assert registry.asked == 1


@pytest.mark.parametrize("altered", [CONTENT[:-1], CONTENT + b"x", b"", CONTENT.replace(b"j", b"J", 1)])
def test_a_truncated_or_altered_download_is_refused_and_leaves_nothing(registry: Registry, altered: bytes) -> None:
    registry.gives = altered
    with pytest.raises(SetupError, match=r"org\.example:thing:1\.0 has SHA-256 .* the lock says"):
        fetch([ARTIFACT], QUIET)
    assert list(cache_folder().rglob("*.jar")) == []


@pytest.mark.parametrize("altered", [CONTENT[:-1], CONTENT.replace(b"j", b"J", 1)])
def test_a_file_that_changed_in_the_cache_is_fetched_again(registry: Registry, altered: bytes) -> None:
    [file] = fetch([ARTIFACT], QUIET)
    file.write_bytes(altered)
    [file] = fetch([ARTIFACT], QUIET)
    assert file.read_bytes() == CONTENT
    assert registry.asked == 2


def test_a_file_that_was_only_touched_is_kept(registry: Registry) -> None:
    [file] = fetch([ARTIFACT], QUIET)
    file.touch()
    fetch([ARTIFACT], QUIET)
    assert registry.asked == 1


def test_a_registry_that_stumbles_is_asked_again(registry: Registry) -> None:
    registry.unreachable_times = 2
    [file] = fetch([ARTIFACT], QUIET)
    assert file.read_bytes() == CONTENT


def test_an_unreachable_registry_is_named_with_what_to_do(registry: Registry) -> None:
    registry.unreachable_times = 1000
    with pytest.raises(SetupError, match=r"could not be fetched .* Check the network and proxy settings"):
        fetch([ARTIFACT], QUIET)


def test_the_lock_pins_every_engine_and_names_no_host() -> None:
    for engine in ("postgres-x86_64", "postgres-aarch64", "kafka", "opensearch"):
        for artifact in locked(engine):
            assert len(artifact.sha256) == 64
            assert artifact.size_bytes > 0
    assert "://" not in fetching.LOCK_FILE.read_text()
