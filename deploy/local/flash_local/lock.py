"""Writes the lock of the engine artifacts: everything that the wanted ones need, each with its SHA-256 and size."""

import hashlib
import tempfile
import tomllib
from pathlib import Path

from jgo.env import EnvironmentBuilder, LinkStrategy
from jgo.maven import MavenContext, PythonResolver

from flash_local.artifacts import LOCK_FILE, Artifact

WANTED_FILE = LOCK_FILE.with_name("engines.toml")
NO_MAIN_CLASS = "org.none.None"  # it is asked for, and never run
HEADER = """\
# Every engine artifact by its coordinate (group:artifact:version[:packaging[:classifier]]) and SHA-256.
# Names no host: where artifacts come from is the fetching tool's configuration. Written by `make lock`.
"""


def write_lock() -> int:
    """Resolve what `engines.toml` wants and write `engines.lock.toml`; the number of artifacts."""
    wanted = tomllib.loads(WANTED_FILE.read_text(encoding="utf-8"))
    resolved = {
        engine: _union(wish["artifacts"], frozenset(wish.get("leave_out", []))) for engine, wish in wanted.items()
    }
    LOCK_FILE.write_text(HEADER + "".join(_section(engine, found) for engine, found in resolved.items()))
    return sum(len(found) for found in resolved.values())


def _union(coordinates: list[str], leave_out: frozenset[str]) -> list[Artifact]:
    """Each coordinate with what it needs; where two need the same in two versions, the first decides."""
    found: dict[str, Artifact] = {}
    for coordinate in coordinates:
        for artifact in _resolve(coordinate):
            found.setdefault(_name(artifact), artifact)
    kept = [artifact for artifact in found.values() if artifact.coordinate.split(":")[1] not in leave_out]
    return sorted(kept, key=lambda artifact: artifact.coordinate)


def _resolve(coordinate: str) -> list[Artifact]:
    with tempfile.TemporaryDirectory() as scratch:
        context = MavenContext(repo_cache=Path(scratch) / "repository", resolver=PythonResolver())
        builder = EnvironmentBuilder(
            context=context, cache_dir=Path(scratch) / "environment", link_strategy=LinkStrategy.HARD
        )
        environment = builder.from_endpoint(coordinate, main_class=NO_MAIN_CLASS)
        jars = {_sha256(jar): jar.stat().st_size for jar in environment.all_jars}
        pins = tomllib.loads((environment.path / "jgo.lock.toml").read_text())["dependencies"]
        return [_artifact(pin, jars[pin["sha256"]]) for pin in pins]


def _artifact(pin: dict[str, str], size_bytes: int) -> Artifact:
    classifier = f":jar:{pin['classifier']}" if pin.get("classifier") else ""
    return Artifact(f"{pin['groupId']}:{pin['artifactId']}:{pin['version']}{classifier}", pin["sha256"], size_bytes)


def _section(engine: str, artifacts: list[Artifact]) -> str:
    lines = [
        f'"{artifact.coordinate}" = {{ sha256 = "{artifact.sha256}", bytes = {artifact.size_bytes} }}\n'
        for artifact in artifacts
    ]
    return f"\n[{engine}]\n{''.join(lines)}"


def _name(artifact: Artifact) -> str:
    """What two versions of one artifact have in common; a classifier makes another artifact."""
    group, name, _, *classifier = artifact.coordinate.split(":")
    return ":".join([group, name, *classifier])


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
