"""`python -m analytics_service`: the process; see the README for its commands."""

from pathlib import Path

from chassis.runtime import main

from analytics_service.app import build
from analytics_service.settings import Settings

if __name__ == "__main__":
    main(build, Settings, Path(__file__).parents[1] / "migrations")
