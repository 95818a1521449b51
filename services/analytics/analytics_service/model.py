"""The rules of reporting: what may be shown, how sure it is, whether an objective is met. Pure values in and out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal

from flash_schemas.profile import Direction

SMALLEST_GROUP = 5
CONFIDENCE = 0.95
ROUNDING = 1e-12

State = Literal["value", "not_enough_data", "suppressed"]
ObjectiveState = Literal["met", "not_met", "not_enough_data"]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure as computed, before anybody may see it; `value` is None when the cases do not give one.

    `interval` is given for ratios. A count is complete, not a sample, so it has none.
    """

    value: float | None
    cases: int
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it may be shown. Suppressed ones say nothing, not even how many cases there are."""

    state: State
    value: float | None = None
    cases: int | None = None
    interval: Interval | None = None


SUPPRESSED = Figure("suppressed")


def show(finding: Finding, people: int) -> Figure:
    """The figure about this many distinct people; groups of 1 to 4 are suppressed, and cases without known people."""
    if is_small(people) or (not people and (finding.cases or finding.value)):
        return SUPPRESSED
    if finding.value is None:
        return Figure("not_enough_data", None, finding.cases)
    return Figure("value", finding.value, finding.cases, finding.interval)


def is_small(people: int) -> bool:
    """Whether a figure about so many people tells of each of them."""
    return 0 < people < SMALLEST_GROUP


def to_suppress(people: Sequence[int], distinct: int) -> frozenset[int]:
    """Which groups of one total to suppress, by position: small ones, and enough others to hide them in.

    The total is published, so what is suppressed can be had by subtraction: it must be two groups or more, and
    together no small group. The smallest of the others are taken first. Groups can share people, who are `distinct`
    together: in the suppressed ones are at least those who are in no other, and those of the largest.
    """
    hidden = [index for index, size in enumerate(people) if is_small(size)]
    others = sorted((size, index) for index, size in enumerate(people) if size >= SMALLEST_GROUP)
    nowhere_else = distinct - sum(size for size, _ in others)
    if len(hidden) == 1 or is_small(max(nowhere_else, *(people[index] for index in hidden), 0)):
        hidden += [index for _, index in others[:1]]
    return frozenset(hidden)


def ratio(part: int, whole: int) -> Finding:
    """A share of cases, with its Wilson interval."""
    return Finding(part / whole, whole, wilson(part, whole)) if whole else Finding(None, 0)


def wilson(part: int, whole: int) -> Interval:
    """Wilson's score interval of a proportion; `whole` is at least 1.

    It holds its level also for few cases and for shares near 0 or 1, where the normal approximation does not.
    """
    z2 = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) ** 2
    share = part / whole
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = sqrt(z2 * (share * (1 - share) / whole + z2 / (4 * whole**2))) / (1 + z2 / whole)
    low = 0.0 if part == 0 else max(0.0, middle - half)
    return low, 1.0 if part == whole else min(1.0, middle + half)


def waiting_quantile(answered: Mapping[int, int], unanswered: Mapping[int, int], share: float) -> int | None:
    """After how long this share of all asks had an answer; None when fewer ever had.

    Both mappings give the number of asks by duration. An unanswered ask counts as waiting until then and is unknown
    after (Kaplan-Meier), for leaving it out would make the wait look shorter than it is.
    """
    at_risk = sum(answered.values()) + sum(unanswered.values())
    waiting = 1.0
    for duration in sorted({*answered, *unanswered}):
        answers = answered.get(duration, 0)
        if answers:
            waiting *= 1 - answers / at_risk
            if waiting <= 1 - share + ROUNDING:
                return duration
        at_risk -= answers + unanswered.get(duration, 0)
    return None


def judge(figure: Figure, target: float, smallest_cases: int, direction: Direction = "at_least") -> ObjectiveState:
    """Whether a figure reaches its target, if it stands on enough cases to say so."""
    if figure.value is None or figure.cases is None or figure.cases < smallest_cases:
        return "not_enough_data"
    reached = figure.value >= target if direction == "at_least" else figure.value <= target
    return "met" if reached else "not_met"
