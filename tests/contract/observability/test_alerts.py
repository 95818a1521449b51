"""Every alert fires when it should and only then, and leads to what to do."""

import re
from collections import defaultdict

import yaml
from flash_local.home import CHECKOUT

from tests.support import observability
from tests.support.observability import ALERTS_TEST, RUNBOOK, alerts, promtool

PARTS = ["Symptom.", "Likely causes.", "Look at.", "Do."]


def sections() -> dict[str, str]:
    """The runbook's text by heading."""
    _, *parts = re.split(r"^## (\w+)$", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", ALERTS_TEST)


def test_every_alert_is_tested_firing_and_silent() -> None:
    fires: dict[str, set[bool]] = defaultdict(set)
    for case in yaml.safe_load(ALERTS_TEST.read_text(encoding="utf-8"))["tests"]:
        for asked in case["alert_rule_test"]:
            fires[asked["alertname"]].add(bool(asked["exp_alerts"]))
    assert fires == {rule["alert"]: {True, False} for rule in alerts()}


def test_every_alert_leads_to_its_section_of_the_runbook() -> None:
    assert list(sections()) == [rule["alert"] for rule in alerts()]
    for rule in alerts():
        assert rule["annotations"]["runbook_url"] == f"deploy/runbook.md#{rule['alert'].lower()}"


def test_every_section_says_what_is_seen_why_where_to_look_and_what_to_do() -> None:
    for heading, text in sections().items():
        assert re.findall(r"^- \*\*(.+?)\*\*", text, re.MULTILINE) == PARTS, heading


def test_links_within_the_runbook_lead_somewhere() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", text):
        assert (RUNBOOK.parent / target).exists(), target
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^##+ (.+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= headings


def test_every_name_in_the_runbook_is_one_of_ours_or_of_an_engine() -> None:
    """Lines of the log, columns, headers and metrics, so that a search for one of them finds something."""
    files = [
        file
        for kind in ("py", "sql")
        for part in ("services", "schemas")
        for file in CHECKOUT.glob(f"{part}/**/*.{kind}")
    ]
    ours = set(re.findall(r"\w+", "\n".join(file.read_text(encoding="utf-8") for file in files)))
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", RUNBOOK.read_text(encoding="utf-8")))
    assert len(named) > 20
    foreign = {name for name in named if name.startswith(("pg_", "envoy_"))}
    assert named - foreign <= ours, sorted(named - foreign - ours)


def test_thresholds_on_the_dashboard_are_those_of_the_alerts() -> None:
    limits = {graph.limit for row in observability.dashboard_builder().ROWS.values() for graph in row} - {None}
    compared = {float(limit) for rule in alerts() for limit in re.findall(r"> ([\d.]+)", rule["expr"])}
    assert limits <= compared
