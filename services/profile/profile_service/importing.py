"""The command `import-skills`: another vocabulary's file comes in, chunk by chunk, each one transaction.

It may be stopped anywhere and run again: what is known changes nothing.
"""

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chassis.database import Database
from chassis.runtime import Service

from profile_service import commands, formats
from profile_service.model import Entry, Known, Result

CHUNK = 200
TELL_EVERY = 1_000


async def import_skills(service: Service, arguments: Sequence[str]) -> int:
    """Do what the arguments say; 0 when all that can be taken is, 1 for a file that cannot be read."""
    asked = _parser().parse_args(arguments)
    try:
        entries, skipped = formats.read(asked.format, asked.file)
    except (OSError, formats.NotReadable) as error:
        print(f"{asked.file}: {error}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 1
    for line in skipped:
        _say(f"skipped    {line.place}: {line.reason}")
    outcomes = Counter({"skipped": len(skipped)})
    outcomes += await take(service.database, asked.source or asked.format, entries, dry_run=asked.dry_run)
    _say(", ".join(f"{outcomes[name]} {name}" for name in ("added", "changed", "unchanged", "skipped")) + ".")
    if asked.dry_run:
        _say("This was a dry run: nothing is written.")
    return 0


async def take(database: Database, source: str, entries: Sequence[Entry], *, dry_run: bool = False) -> Counter[str]:
    """Take entries in, or only say what that would do; how many came to which outcome."""
    outcomes: Counter[str] = Counter()
    tried = Known()
    for start in range(0, len(entries), CHUNK):
        chunk = entries[start : start + CHUNK]
        if dry_run:
            results = await commands.try_entries(database, source, chunk, tried)
        else:
            results = await commands.import_entries(database, source, chunk)
        for result in results:
            outcomes[result.outcome] += 1
            _tell(result, dry_run=dry_run)
        done = start + len(chunk)
        if done // TELL_EVERY != start // TELL_EVERY:
            _say(f"{done} of {len(entries)} so far")
    return outcomes


def _tell(result: Result, *, dry_run: bool) -> None:
    """Every change when it is only tried; what was not taken in any case."""
    if result.notes:
        _say(f"{result.outcome:<10} {result.place}: {result.text}; not taken: {'; '.join(result.notes)}")
    elif dry_run and result.outcome != "unchanged":
        _say(f"{result.outcome:<10} {result.place}: {result.text}")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m profile_service import-skills", description=__doc__)
    parser.add_argument("file", type=Path, help="the file; for github-topics the folder")
    parser.add_argument("--format", required=True, choices=sorted(formats.READERS))
    parser.add_argument("--source", help="whose ids these are, if not the format's: one name for each csv with ids")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    return parser


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command's answer
