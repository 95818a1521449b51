"""`make faults`: runs rows of the fault matrix on a platform of its own, goes on where an earlier call stopped.

ROWS is a list of rows, `fast` or `slow`; without it every row but the soak and the random pairs. SEEDS is how many runs
of each; FRESH=1 forgets earlier results of these rows; after MINUTES no further run begins.
"""

import asyncio
import logging
import math
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from flash_local.artifacts import fetch
from flash_local.engines.every import artifacts
from rich.console import Console

from tests.faults import rows as _rows  # noqa: F401 - registers the rows
from tests.faults import small_disk
from tests.faults.checks import Findings, History
from tests.faults.load import Writers
from tests.faults.report import Report
from tests.faults.run import ROWS, Lab, Result, Row, execute
from tests.faults.system import Platform, running
from tests.faults.watch import NotSettled, Topics

DEFAULT_REPORT = Path(__file__).parent / "report.json"
FILE_COLUMNS = 140
"""Where the output is no terminal: rich takes 80, too few for the table."""
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else FILE_COLUMNS)


def main() -> int:
    """Run what is asked for and not done yet; 0 when nothing was wrong in any run."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # also where a shell in the background ignores them
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that brokers are away is what happens here
    report, ends = Report(Path(os.environ.get("REPORT") or DEFAULT_REPORT)), _ends()
    wanted = sorted(_wanted(report), key=_turn)
    fetch(artifacts(), console)
    while wanted and time.monotonic() < ends:
        wanted = asyncio.run(_work(wanted, report, ends))
    if wanted:
        console.print(f"{len(wanted)} runs are left for another time")
    report.write_markdown()
    console.print(report.table(), soft_wrap=False)
    console.print(report.last_line())
    return 0 if report.clean() else 1


def _wanted(report: Report) -> Iterator[tuple[Row, int]]:
    """First every row once, then every row again: wherever it is ended, the rows were tried alike."""
    asked, seeds, fresh = (os.environ.get(name, "") for name in ("ROWS", "SEEDS", "FRESH"))
    rows = [row for row in _rows_of(asked) if _can_run(row, report)]
    many = {row.number: int(seeds or row.seeds) for row in rows}
    for seed in range(1, max(many.values(), default=0) + 1):
        for row in rows:
            if seed <= many[row.number] and (fresh or (row.number, seed) not in report.results):
                yield row, seed


def _turn(wanted: tuple[Row, int]) -> tuple[bool, Platform]:
    """Platforms that differ take turns twice at most: for the first run of each row, and for all others."""
    row, seed = wanted
    return seed > 1, row.platform


def _can_run(row: Row, report: Report) -> bool:
    obstacle = small_disk.obstacle() if row.platform.small_disk else None
    if obstacle:
        report.not_run[row.number] = obstacle
        console.print(f"row {row.number} does not run here: {obstacle}", markup=False)
    return obstacle is None


def _rows_of(asked: str) -> list[Row]:
    every = [ROWS[number] for number in sorted(ROWS) if not ROWS[number].only_named]
    if asked in ("", "all"):
        return every
    if asked in ("fast", "slow"):
        return [row for row in every if row.fast == (asked == "fast")]
    return [ROWS[int(number)] for number in asked.split(",")]


def _ends() -> float:
    minutes = os.environ.get("MINUTES")
    return time.monotonic() + 60 * float(minutes) if minutes else math.inf


async def _work(wanted: list[tuple[Row, int]], report: Report, ends: float) -> list[tuple[Row, int]]:
    """Run until the list or the time is done or another platform is needed, as one not whole needs; what is left."""
    platform = wanted[0][0].platform
    async with _lab(platform) as lab:
        while wanted and wanted[0][0].platform == platform and time.monotonic() < ends:
            row, seed = wanted[0]
            try:
                result = await execute(lab, row, seed)
            except NotSettled as error:
                console.print(f"row {row.number}, seed {seed}: not whole before it began: {error}; a new platform")
                return wanted
            wanted = wanted[1:]
            report.add(result)
            _print(row, result)
            if result.findings:
                return wanted  # what is wrong once would be found again and again
    return wanted


def _print(row: Row, result: Result) -> None:
    verdict = "ok" if not result.findings else f"{len(result.findings)} WRONG"
    figures = f"{result.events} events, recovery {result.recovery_s:.1f} s, {result.seconds:.0f} s in all"
    console.print(f"row {row.number:>2} seed {result.seed:>2}  {verdict}  {figures}  {'; '.join(result.faults)}")
    for finding in result.findings:
        console.print(f"    {finding}", markup=False)


def _folder() -> Path:
    """A new one; FAULTS_FOLDER is emptied first, and keeps logs and data for a look afterwards."""
    folder = Path(os.environ.get("FAULTS_FOLDER") or tempfile.mkdtemp(prefix="flash-faults-"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    folder.chmod(0o711)  # PostgreSQL's own user passes through
    return folder


@asynccontextmanager
async def _lab(platform: Platform) -> AsyncIterator[Lab]:
    folder = _folder()
    async with running(folder, console, platform) as system:
        tokens = {name: persona.token for name, persona in system.state.personas.items()}
        writers = Writers(str(system.state.gateway), tokens)
        await writers.settle_in()
        topics, history = Topics(system.engine_url("kafka")), History()
        await topics.open()
        try:
            history.take(await topics.read_on(), Findings())
            yield Lab(system, writers, topics, history)
        finally:
            await topics.close()
    if "FAULTS_FOLDER" not in os.environ:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
