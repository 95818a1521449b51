"""Beside the data's way: what a comparison of source and projection found, kept for the metrics and told as a table."""

from argparse import ArgumentParser
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.database import Database, Transaction
from chassis.operating import to_its_end

REMEMBER = """
INSERT INTO reconciliation (name, ran_at, compared, differing, repaired)
SELECT name, now(), compared, differing, repaired
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS f (name, compared, differing, repaired)
ORDER BY name
ON CONFLICT (name) DO UPDATE SET ran_at = EXCLUDED.ran_at, compared = EXCLUDED.compared,
    differing = EXCLUDED.differing, repaired = EXCLUDED.repaired
"""
FORGET_OTHERS = "DELETE FROM reconciliation WHERE name <> ALL ($1::text[])"
LAST = "SELECT name, ran_at, differing FROM reconciliation"

ROW = "{:<17} {:>12} {:>10} {:>10} {:>10}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing compared. `only_here` is what the source does not know (any more, or yet): no difference."""

    name: str
    compared: int
    differing: int
    repaired: int = 0
    only_here: int = 0


Reconcile = Callable[[bool], Awaitable[Sequence[Finding]]]


def command(
    database: Database, reconcile: Reconcile, failures: tuple[type[Exception], ...] = ()
) -> Callable[[object, Sequence[str]], Awaitable[int]]:
    """The command line of a reconciler, which is told whether to repair; `failures` are an engine's that is away."""

    parser = ArgumentParser("reconcile", description="Compare what is kept with its source, and repair what differs.")
    parser.add_argument("--check", action="store_true", help="only report; 1 when something differs")

    async def run(_service: object, arguments: Sequence[str]) -> int:
        repair = not parser.parse_args(arguments).check
        return await to_its_end(_run(database, reconcile, repair=repair), failures)

    return run


async def _run(database: Database, reconcile: Reconcile, *, repair: bool) -> int:
    findings = await reconcile(repair)
    async with database.transaction() as transaction:
        await remember(transaction, findings)
    print(table(findings))  # noqa: T201 - a command's answer
    return 1 if _remaining(findings) else 0


async def remember(transaction: Transaction, findings: Sequence[Finding]) -> None:
    """Keep what was found in the place of what an earlier run found."""
    names = [finding.name for finding in findings]
    numbers = [(finding.compared, finding.differing, finding.repaired) for finding in findings]
    await transaction.execute(FORGET_OTHERS, names)
    await transaction.execute(REMEMBER, names, *(list(column) for column in zip(*numbers, strict=True)))


async def last(transaction: Transaction) -> list[tuple[str, datetime, int]]:
    """What was compared last, when, and how many differed."""
    return [(row["name"], row["ran_at"], row["differing"]) for row in await transaction.fetch(LAST)]


def table(findings: Sequence[Finding]) -> str:
    """The findings as they are printed."""
    lines = [ROW.format("what", "compared", "differing", "repaired", "only here")]
    lines += [ROW.format(f.name, f.compared, f.differing, f.repaired, f.only_here) for f in findings]
    return "\n".join([*lines, _verdict(sum(finding.differing for finding in findings), _remaining(findings))])


def _remaining(findings: Sequence[Finding]) -> int:
    return sum(finding.differing - finding.repaired for finding in findings)


def _verdict(differing: int, remaining: int) -> str:
    if not differing:
        return "Nothing differs."
    return f"{remaining} of {differing} differences remain." if remaining else f"{differing} differences were repaired."
