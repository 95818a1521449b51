"""`python -m search_service`: the process; see the README for its commands."""

from pathlib import Path

from chassis.runtime import main

from search_service.app import build
from search_service.settings import Settings

if __name__ == "__main__":
    main(build, Settings, Path(__file__).parents[1] / "migrations")
