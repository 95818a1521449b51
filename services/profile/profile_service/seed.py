"""The one-shot command that brings the skill vocabulary of `skills.csv` in, like any other import.

Running it again changes nothing.
"""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from chassis import logs
from chassis.runtime import Service

from profile_service import formats
from profile_service.importing import take

SKILLS = Path(__file__).parent / "skills.csv"

log = logs.get(__name__)


async def seed(service: Service, arguments: Sequence[str] = ()) -> int:
    """Add the entries and names that are missing; 0."""
    ArgumentParser("profile_service seed", description="Bring the skills to begin with in.").parse_args(arguments)
    entries, skipped = formats.read("csv", SKILLS)
    assert not skipped, skipped
    outcomes = await take(service.database, "seed", entries)
    log.info("skills_seeded", added=outcomes["added"], changed=outcomes["changed"])
    return 0
