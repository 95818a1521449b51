"""Alerts, dashboard, runbook and metrics speak of the same things."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from flash_local.home import CHECKOUT
from flash_local.prometheus import Prometheus

DEPLOY = CHECKOUT / "deploy"
ALERTS = DEPLOY / "prometheus/alerts.yml"
GIVEN_BY_PROMETHEUS = {"up"}
SUFFIXES = ("_bucket", "_sum", "_count")


def alerts() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"][0]["rules"]
    return rules


def dashboard_builder() -> Any:
    spec = importlib.util.spec_from_file_location("grafana_build", DEPLOY / "grafana/build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def expressions() -> list[str]:
    panels = [panel[3] for row in dashboard_builder().ROWS.values() for panel in row]
    return panels + [rule["expr"] for rule in alerts()]


def catalogue() -> set[str]:
    """The names of all metrics that the code declares."""
    names = set()
    for file in CHECKOUT.glob("services/*/*/metrics.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                names.add(str(node.args[0].value))
    return names


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    assert shutil.which("promtool"), "promtool is missing: install Prometheus (`apt-get install prometheus`)"
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_alerts_fire_when_they_should_and_only_then() -> None:
    tested = promtool("test", "rules", DEPLOY / "prometheus/alerts_test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_is_tested() -> None:
    cases = yaml.safe_load((DEPLOY / "prometheus/alerts_test.yml").read_text(encoding="utf-8"))["tests"]
    tested = {case["alertname"] for test in cases for case in test["alert_rule_test"]}
    assert tested == {rule["alert"] for rule in alerts()}


def test_every_alert_leads_to_its_section_of_the_runbook() -> None:
    headings = re.findall(r"^## (\w+)$", (DEPLOY / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [rule["alert"] for rule in alerts()]
    for rule in alerts():
        assert rule["annotations"]["runbook_url"] == f"deploy/runbook.md#{rule['alert'].lower()}"


def test_every_expression_can_be_read_and_names_metrics_that_exist() -> None:
    known = catalogue() | GIVEN_BY_PROMETHEUS
    for expression in expressions():
        promql_parser.parse(expression)
        for name in re.findall(r"\b(?:flash_\w+|up)\b", expression):
            plain = next((name.removesuffix(s) for s in SUFFIXES if name.removesuffix(s) in known), name)
            assert plain in known, f"{name} in {expression}"


def test_the_committed_dashboard_is_that_of_its_builder() -> None:
    builder = dashboard_builder()
    assert builder.FILE.read_text(encoding="utf-8") == builder.build(), "run `python deploy/grafana/build.py`"
    assert json.loads(builder.FILE.read_text(encoding="utf-8"))["panels"]


def test_prometheus_takes_the_rendered_configuration(tmp_path: Path) -> None:
    targets = {"profile": "http://127.0.0.1:1/metrics", "gateway": "http://127.0.0.1:2/stats/prometheus"}
    prometheus = Prometheus(tmp_path, 9, targets)
    prometheus.write_config()
    checked = promtool("check", "config", prometheus.config_file)
    assert checked.returncode == 0, checked.stdout + checked.stderr
