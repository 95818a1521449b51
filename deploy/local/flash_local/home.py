"""Where things lie: the shared cache of artifacts, this checkout's data, and what the engines' user can reach."""

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
UNPRIVILEGED_USER = "nobody"


def cache_folder() -> Path:
    """FLASH_CACHE, or a folder of ours in the XDG cache."""
    given = os.environ.get("FLASH_CACHE")
    xdg = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(xdg) / "flash-mentoring"


@dataclass(frozen=True)
class Home:
    """One installation: `folder` holds its state, logs and data; it is thrown away by `clean-data`."""

    folder: Path

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.folder / "logs"

    @property
    def state_file(self) -> Path:
        """Addresses and personas, for people and programs that use the platform."""
        return self.folder / "state.json"

    @property
    def story_file(self) -> Path:
        """What the last story did and how long each effect took to show."""
        return self.folder / "story.json"

    @property
    def ports_file(self) -> Path:
        """The ports of the last start, taken again when they are free."""
        return self.folder / "ports.json"

    @property
    def pid_file(self) -> Path:
        """The supervisor's process id while it runs."""
        return self.folder / "supervisor.pid"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor while it runs."""
        return self.folder / "supervisor.lock"

    @property
    def processes_file(self) -> Path:
        """What a supervisor started and has not stopped yet."""
        return self.folder / "processes.json"

    @property
    def data(self) -> Path:
        """Engine data that its owner writes: Kafka and OpenSearch run as whoever starts us."""
        return self.folder / "data"

    @property
    def database_data(self) -> Path:
        """PostgreSQL refuses root, so for root its data lies where an unprivileged user may pass."""
        if os.geteuid() != 0 or _passable(self.folder):
            return self.data / "postgres"
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path("/var/tmp") / f"flash-mentoring-{digest}"  # noqa: S108 - named by hash, owned and closed to others

    def create(self) -> None:
        """Make the folders that everything else expects."""
        for folder in (self.folder, self.logs, self.data):
            folder.mkdir(parents=True, exist_ok=True)


def default_home() -> Home:
    """FLASH_HOME, or `.flash` in the checkout."""
    return Home(Path(os.environ.get("FLASH_HOME") or CHECKOUT / ".flash"))


def engine_user() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as: somebody without rights when we are root, else ourselves (None)."""
    return pwd.getpwnam(UNPRIVILEGED_USER) if os.geteuid() == 0 else None


def _passable(folder: Path) -> bool:
    existing = [parent for parent in (folder, *folder.parents) if parent.exists()]
    return all(parent.stat().st_mode & 0o001 for parent in existing)
