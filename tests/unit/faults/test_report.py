"""What the runs of the fault tests came to, as it is kept and shown."""

from pathlib import Path

from tests.faults.report import Report
from tests.faults.run import Result


def result(row: int = 2, seed: int = 1, *, lost: int = 0, recovery_s: float = 1.0) -> Result:
    return Result(row, seed, 100, ["x died"], lost, 0, 0, 0, 0, 0, recovery_s, 5.0, ["lost: somebody"] * lost)


def test_a_later_call_goes_on_where_this_one_stopped(tmp_path: Path) -> None:
    report = Report(tmp_path / "report.json")
    report.add(result(seed=1))
    report.add(result(seed=2))
    again = Report(tmp_path / "report.json")
    assert again.results == report.results
    assert again.last_line().startswith("rows 1, runs 2, events 200, lost 0,")


def test_a_run_that_is_done_again_counts_once(tmp_path: Path) -> None:
    report = Report(tmp_path / "report.json")
    report.add(result(lost=1))
    assert not report.clean()
    report.add(result())
    assert report.clean()
    assert report.last_line().startswith("rows 1, runs 1, events 100, lost 0,")


def test_the_report_for_people_says_what_is_not_reached_and_what_was_wrong_and_ends_with_the_sum(
    tmp_path: Path,
) -> None:
    report = Report(tmp_path / "report.json")
    report.add(result(lost=1, recovery_s=31))
    report.not_run[26] = "nothing may be mounted here"
    report.write_markdown()
    lines = (tmp_path / "report.md").read_text().splitlines()
    assert "| recovery p95 | at most 30 s | 31.0 s | no |" in lines
    assert "| lost, doubled, inverted, resurrected | 0 | 1 | no |" in lines
    assert "| 2 | 1 | lost: somebody |" in lines
    assert "| 26 | nothing may be mounted here |" in lines
    assert lines[-1] == report.last_line()
