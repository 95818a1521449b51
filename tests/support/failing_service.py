"""A service one of whose workers breaks: what the chassis makes of that."""

from pathlib import Path
from tempfile import TemporaryDirectory

from chassis.database import Database
from chassis.runtime import Service, main
from chassis.settings import Settings
from chassis.worker import Worker

PERSONAL = "what Ada wrote to Grace"


async def breaks() -> bool:
    """No failure of the moment."""
    raise ZeroDivisionError(PERSONAL)


def build(settings: Settings) -> Service:
    """Relay, probes and the broken worker."""
    return Service("chassis", settings, Database(settings), workers=[Worker("broken", breaks, 1_000)])


if __name__ == "__main__":
    with TemporaryDirectory() as no_migrations:
        main(build, Settings, Path(no_migrations))
