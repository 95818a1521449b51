"""Two faults at once: what must hold after each must hold after both."""

import asyncio

from tests.faults.run import ROWS, USUAL, Row, Run, row

PAIRS_AN_HOUR = 120


@row(43, "two faults, drawn at random, at once", fast=False, seeds=PAIRS_AN_HOUR, only_named=True, settles_within_s=180)
async def two_faults_at_once(run: Run) -> None:
    one, other = run.random.sample([row for row in ROWS.values() if row.fast and row.platform == USUAL], 2)
    async with run.writing():
        await asyncio.gather(_play(run, one), _play(run, other))
    run.happened(f"rows {one.number} and {other.number}")


async def _play(run: Run, row: Row) -> None:
    """A fault may keep another from happening, such as a process from reaching the point where it would have died."""
    try:
        await row.play(run)
    except (AssertionError, OSError, LookupError) as hindered:
        run.happened(f"row {row.number} was hindered: {type(hindered).__name__}")
    finally:
        run.expected_parked = None
