"""A service with nothing of its own: what the chassis and the runner do for every service, and no more."""

from pathlib import Path
from tempfile import TemporaryDirectory

from chassis.database import Database
from chassis.runtime import Service, main
from chassis.settings import Settings


def build(settings: Settings) -> Service:
    """Only relay and probes."""
    return Service("chassis", settings, Database(settings))


if __name__ == "__main__":
    with TemporaryDirectory() as no_migrations:
        main(build, Settings, Path(no_migrations))
