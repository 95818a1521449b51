"""Alerts, dashboard and runbook name only what is measured, with labels that it has."""

import re

import pytest
from flash_local.home import CHECKOUT

from tests.support import observability
from tests.support.observability import Use, catalogues, declared, uses

ALERTS = {rule["alert"]: rule["expr"] for rule in observability.alerts()}
LINES = dict(enumerate(observability.dashboard_queries()))


def assert_measured(expression: str) -> None:
    known = observability.series()
    read = uses(expression)
    assert read
    for use in read:
        assert use.name in known, f"nobody measures {use.name}"
        assert use.labels <= known[use.name], f"{use.name} has no {sorted(use.labels - known[use.name])}"


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_reads_what_is_measured(alert: str) -> None:
    assert_measured(ALERTS[alert])


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_dashboard_reads_what_is_measured(line: int) -> None:
    assert_measured(LINES[line][1])


@pytest.mark.parametrize("line", LINES)
def test_a_legend_names_labels_that_its_query_keeps(line: int) -> None:
    legend, expression = LINES[line]
    kept = {
        label for labels in re.findall(r"(?:by|group_left) \(([^)]*)\)", expression) for label in labels.split(", ")
    }
    assert set(re.findall(r"{{(\w+)}}", legend)) <= kept


def test_the_runbook_names_what_is_measured() -> None:
    named = observability.names_in(observability.RUNBOOK.read_text(encoding="utf-8"))
    assert named
    metrics = {metric.name for file in catalogues() for metric in declared(file)}
    known = metrics | observability.series().keys()
    assert named <= known, sorted(named - known)


def test_every_service_has_a_catalogue() -> None:
    assert {file.parent for file in CHECKOUT.glob("services/*/*/app.py")} <= {file.parent for file in catalogues()}
    assert all(declared(file) for file in catalogues())


def test_a_histogram_is_read_by_its_parts_and_a_counter_as_it_is() -> None:
    series = observability.series()
    assert "le" in series["flash_search_seconds_bucket"]
    assert "flash_search_seconds" not in series
    assert series["flash_searches_total"] == {"outcome", "job", "instance"}
    assert "flash_searches_total_bucket" not in series


def test_reading_an_expression_finds_its_series_and_the_labels_it_expects() -> None:
    expression = 'histogram_quantile(0.9, sum by (le, a) (rate(x_bucket{b="1"}[5m]))) > 0 unless on (a) max(y) == 1'
    expected = {Use("x_bucket", frozenset({"le", "a", "b"})), Use("y", frozenset())}
    assert uses(expression) == expected
    with pytest.raises(ValueError, match="unknown function"):
        uses("no_such_function(up)")
