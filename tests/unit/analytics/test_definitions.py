"""The figures of a report and the page that defines them belong together."""

import re
from pathlib import Path
from typing import get_args

import analytics_service
from analytics_service.figures import DEFINITIONS, Tally, figures_of, outcomes_of
from analytics_service.report import OUTCOMES_LINK, UNITS_LINK
from flash_schemas.profile import Metric

PAGE = Path(analytics_service.__path__[0]).parent / "METRICS.md"


def anchors() -> set[str]:
    headings = re.findall(r"^#+ (.+)$", PAGE.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_of_a_report_leads_to_a_heading() -> None:
    links = {definition.link for definition in DEFINITIONS} | {OUTCOMES_LINK, UNITS_LINK}
    assert {link.removeprefix("METRICS.md#") for link in links} <= anchors()


def test_every_metric_of_an_objective_is_a_figure() -> None:
    assert set(get_args(Metric)) == {definition.name for definition in DEFINITIONS}


def tally(counts: dict[str, dict[int, int]], people: dict[str, int], overdue: int = 0) -> Tally:
    return Tally(counts, people, {}, overdue)


def test_the_sides_of_a_survey_are_suppressed_together_when_one_is_small() -> None:
    rated = {"rated_learner": {5: 9}, "rated_mentor": {1: 2}}
    people = {"satisfaction_ratio": 11, "satisfaction_ratio_learner": 9, "satisfaction_ratio_mentor": 2}
    figures = figures_of(tally(rated, people))
    assert figures["satisfaction_ratio"].value == 9 / 11
    assert figures["satisfaction_ratio_learner"].state == "suppressed"
    assert figures["satisfaction_ratio_mentor"].state == "suppressed"


def test_both_sides_of_a_survey_are_shown_when_both_are_large() -> None:
    rated = {"rated_learner": {5: 6, 3: 2}, "rated_mentor": {4: 5}}
    people = {"satisfaction_mean": 13, "satisfaction_mean_learner": 8, "satisfaction_mean_mentor": 5}
    figures = figures_of(tally(rated, people))
    assert figures["satisfaction_mean"].value == 56 / 13
    assert figures["satisfaction_mean_learner"].value == 4.5
    assert figures["satisfaction_mean_mentor"].value == 4


def test_a_session_nobody_reported_on_is_not_completed() -> None:
    ended = {"ended": {0: 8}, "held": {0: 6}}
    assert figures_of(tally(ended, {"completion_ratio": 9}, overdue=2))["completion_ratio"].value == 6 / 10


def test_outcomes_add_up_to_what_was_asked() -> None:
    asked = {"asked": {0: 10}, "accepted": {0: 4}, "declined": {0: 1}, "expired": {0: 2}, "withdrawn": {0: 1}}
    assert outcomes_of(tally(asked, {})) == {"accepted": 4, "declined": 1, "expired": 2, "withdrawn": 1, "open": 2}
