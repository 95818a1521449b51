"""What can be measured, by name with its labels, and what alerts, dashboard and runbook make of it."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from flash_local.home import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
ALERTS, ALERTS_TEST = DEPLOY / "prometheus/alerts.yml", DEPLOY / "prometheus/alerts_test.yml"
RUNBOOK = DEPLOY / "runbook.md"
BUILDER = DEPLOY / "grafana/build.py"

OF_A_TARGET = frozenset({"job", "instance"})
PARTS = {"Counter": ("",), "Gauge": ("",), "Histogram": ("_bucket", "_sum", "_count")}
ENVOY = {
    "envoy_http_downstream_rq_xx": frozenset({"envoy_http_conn_manager_prefix", "envoy_response_code_class"}),
    "envoy_http_jwt_authn_denied": frozenset({"envoy_http_conn_manager_prefix"}),
    "envoy_http_jwt_authn_jwks_fetch_failed": frozenset({"envoy_http_conn_manager_prefix"}),
    "envoy_http_jwt_authn_jwks_fetch_success": frozenset({"envoy_http_conn_manager_prefix"}),
    "envoy_http_local_rate_limit_enforced": frozenset({"envoy_local_http_ratelimit_prefix"}),
    "envoy_cluster_upstream_rq_xx": frozenset({"envoy_cluster_name", "envoy_response_code_class"}),
    "envoy_cluster_upstream_cx_connect_fail": frozenset({"envoy_cluster_name"}),
    "envoy_cluster_upstream_rq_timeout": frozenset({"envoy_cluster_name"}),
    "envoy_cluster_upstream_rq_pending_overflow": frozenset({"envoy_cluster_name"}),
    "envoy_cluster_upstream_cx_overflow": frozenset({"envoy_cluster_name"}),
    "envoy_server_uptime": frozenset(),
}
"""Of the gateway's own names, those that we use."""


@dataclass(frozen=True)
class Metric:
    """One declaration of a catalogue."""

    name: str
    kind: str
    labels: frozenset[str]

    def series(self) -> dict[str, frozenset[str]]:
        """What Prometheus holds of it, by name, with its labels."""
        return {self.name + part: self.labels | ({"le"} if part == "_bucket" else set()) for part in PARTS[self.kind]}


def declared(file: Path) -> list[Metric]:
    """The metrics of a catalogue."""
    calls = (node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return [_metric(call, call.func.id) for call in calls if isinstance(call.func, ast.Name) and call.func.id in PARTS]


def _metric(call: ast.Call, kind: str) -> Metric:
    labels = ast.literal_eval(call.args[2]) if len(call.args) > 2 else ()
    return Metric(ast.literal_eval(call.args[0]), kind, frozenset(labels))


def catalogues() -> list[Path]:
    """The file of each service, and of the chassis, that declares its metrics."""
    return list(CHECKOUT.glob("services/*/*/metrics.py"))


def series() -> dict[str, frozenset[str]]:
    """Every series that Prometheus can hold, by name, with its labels."""
    every = {"up": frozenset[str](), "process_start_time_seconds": frozenset[str](), **ENVOY}
    for metric in (metric for file in catalogues() for metric in declared(file)):
        every |= metric.series()
    return {name: labels | OF_A_TARGET for name, labels in every.items()}


def alerts() -> list[dict[str, Any]]:
    """The alerting rules."""
    return [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def dashboard_builder() -> Any:
    """The module that makes the dashboard."""
    spec = importlib.util.spec_from_file_location("grafana_build", BUILDER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dashboard_queries() -> Iterator[tuple[str, str]]:
    """Legend and expression of every line of the committed dashboard."""
    board = json.loads((DEPLOY / "grafana/flash-mentoring.json").read_text(encoding="utf-8"))
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield target["legendFormat"], target["expr"]


@dataclass(frozen=True)
class Use:
    """A series that an expression reads, and the labels that it expects of it."""

    name: str
    labels: frozenset[str]


def uses(expression: str) -> set[Use]:
    """What an expression reads. Raises ValueError when it is no PromQL."""
    found: set[Use] = set()
    expected: list[list[str]] = []

    def enter(node: Any) -> None:
        if isinstance(node, promql_parser.AggregateExpr):
            expected.append(node.modifier.labels if node.modifier else [])
        elif isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            assert node.name, "a series is asked for by its name"
            matched = [matcher.name for matcher in node.matchers.matchers]
            found.add(Use(node.name, frozenset(matched).union(*expected)))

    def leave(node: Any) -> None:
        if isinstance(node, promql_parser.AggregateExpr):
            expected.pop()

    promql_parser.walk(promql_parser.parse(expression), enter, leave)
    return found


def names_in(text: str) -> set[str]:
    """The metrics that a text names."""
    return set(re.findall(r"\b(?:flash|envoy)_\w+", text))


def promtool(*arguments: str | Path) -> None:
    """Run promtool. Raises AssertionError with what it said."""
    assert shutil.which("promtool"), "promtool is missing: install Prometheus (`apt-get install prometheus`)"
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
