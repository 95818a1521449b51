"""What the runs came to: kept in `report.json` so that a later call goes on, and shown in `report.md`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median, quantiles

from rich import box
from rich.table import Table

from tests.faults.rows import NOT_RUN
from tests.faults.run import ROWS, Result

HEAD = (
    "row",
    "fault",
    "runs",
    "events",
    "faults",
    "lost",
    "doubled",
    "inverted",
    "resurrected",
    "parked",
    "recovery p50 s",
    "p95 s",
    "wrong",
)
FIGURES = ("figure", "to reach", "reached", "met")
RUNS_LEAST, EVENTS_LEAST, RECOVERY_MOST_S = 600, 1_000_000, 30


class Report:
    """All results so far, by row and seed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        known = json.loads(file.read_text())["runs"] if file.exists() else []
        self.results = {(run["row"], run["seed"]): Result(**run) for run in known}
        self.not_run = dict(NOT_RUN)

    def add(self, result: Result) -> None:
        """Keep a result, at once: what comes next may not come back."""
        self.results[result.row, result.seed] = result
        runs = [asdict(self.results[key]) for key in sorted(self.results)]
        lines = ",\n".join(json.dumps(run, ensure_ascii=False) for run in runs)
        self._file.write_text(f'{{"runs": [\n{lines}\n]}}\n', encoding="utf-8")

    def write_markdown(self) -> None:
        """The same for people; its last line is the sum."""
        not_run = [[str(number), why] for number, why in sorted(self.not_run.items())]
        wrong = [[str(r.row), str(r.seed), what] for r in self.results.values() for what in r.findings]
        text = ["# What the faults did", "", *_table(FIGURES, self._figures()), *_table(HEAD, self._lines())]
        text += _table(("row", "why it does not run here, and what stands in for it"), not_run) if not_run else []
        text += _table(("row", "seed", "what was wrong"), wrong) if wrong else []
        self._file.with_suffix(".md").write_text("\n".join([*text, self.last_line(), ""]), encoding="utf-8")

    def table(self) -> Table:
        """The same for who looks at a terminal."""
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for name in HEAD:
            table.add_column(name, justify="left" if name == "fault" else "right", ratio=1 if name == "fault" else None)
        for line in self._lines():
            table.add_row(*line)
        return table

    def last_line(self) -> str:
        """The sum of everything."""
        results = list(self.results.values())
        counts = {kind: sum(getattr(result, kind) for result in results) for kind in self.KINDS}
        said = ", ".join(f"{kind} {count}" for kind, count in counts.items())
        events = sum(result.events for result in results)
        rows = len({result.row for result in results})
        return f"rows {rows}, runs {len(results)}, events {events}, {said}, recovery p95 {_p95(results):.1f} s"

    def clean(self) -> bool:
        """Whether nothing was lost, doubled, inverted or resurrected, nor wrong in any other way."""
        return not any(result.findings for result in self.results.values())

    KINDS = ("lost", "doubled", "inverted", "resurrected")

    def _lines(self) -> list[list[str]]:
        return [self._line(number) for number in sorted({result.row for result in self.results.values()})]

    def _line(self, number: int) -> list[str]:
        results = [result for result in self.results.values() if result.row == number]
        sums = (sum(getattr(result, kind) for result in results) for kind in (*self.KINDS, "parked"))
        faults = sum(len(result.faults) for result in results)
        recoveries = median(result.recovery_s for result in results), _p95(results)
        title = ROWS[number].title if number in ROWS else "?"
        values = (len(results), sum(result.events for result in results), faults, *sums)
        wrong = sum(bool(result.findings) for result in results)
        return [str(number), title, *map(str, values), *(f"{seconds:.1f}" for seconds in recoveries), str(wrong)]

    def _figures(self) -> list[list[str]]:
        """What is to be reached, and what was."""
        results = list(self.results.values())
        harm = sum(getattr(result, kind) for result in results for kind in self.KINDS)
        events, p95_s = sum(result.events for result in results), _p95(results)
        return [
            ["runs", f"at least {RUNS_LEAST}", str(len(results)), _met(len(results) >= RUNS_LEAST)],
            ["events", f"at least {EVENTS_LEAST}", str(events), _met(events >= EVENTS_LEAST)],
            [", ".join(self.KINDS), "0", str(harm), _met(harm == 0)],
            ["recovery p95", f"at most {RECOVERY_MOST_S} s", f"{p95_s:.1f} s", _met(p95_s <= RECOVERY_MOST_S)],
        ]


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    return [*(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines)), ""]


def _met(is_met: bool) -> str:
    return "yes" if is_met else "no"


def _p95(results: Sequence[Result]) -> float:
    seconds = [result.recovery_s for result in results]
    return quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else sum(seconds)
