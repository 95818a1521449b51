"""The command `recompute`: the rollups are computed again from the facts, and both sums of each measure are told."""

from argparse import ArgumentParser
from collections.abc import Awaitable, Callable, Sequence

from chassis.database import Database
from chassis.operating import to_its_end

from analytics_service.rollup import recompute
from analytics_service.store import Compared

ROW = "{:<8} {:<26} {:>12} {:>12} {:>10}"


def command(database: Database, chunk_facts: int) -> Callable[[object, Sequence[str]], Awaitable[int]]:
    """The command line: 0 when the rollups equalled the facts, 1 when they did not or PostgreSQL went away."""

    async def run(_service: object, arguments: Sequence[str]) -> int:
        replace = not _parser().parse_args(arguments).check
        return await to_its_end(_run(database, chunk_facts, replace=replace))

    return run


async def _run(database: Database, chunk_facts: int, *, replace: bool) -> int:
    compared = await recompute(database, chunk_facts, replace=replace)
    print(_table(compared, replaced=replace))  # noqa: T201 - a command's answer
    return 1 if any(row.differing for row in compared) else 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser("analytics_service recompute", description="Compute the rollups again from the facts.")
    parser.add_argument("--check", action="store_true", help="only compare")
    return parser


def _table(compared: Sequence[Compared], *, replaced: bool) -> str:
    differing = sum(row.differing for row in compared)
    lines = [ROW.format("rollup", "measure", "rolled up", "recomputed", "differing")]
    lines += [ROW.format(row.rollup, row.measure, row.kept, row.recomputed, row.differing) for row in compared]
    verdict = f"{differing} rows differed and were replaced." if replaced else f"{differing} rows differ."
    return "\n".join([*lines, verdict if differing else "Rollups equal the facts."])
