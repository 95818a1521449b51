"""What each figure of a report is made of. METRICS.md says the same in words; the names are the report's keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from analytics_service import model
from analytics_service.facts import Measure
from analytics_service.model import SUPPRESSED, Figure, Finding

TOP_TWO = (4, 5)
MINUTES_PER_HOUR = 60
SIDES = ("learner", "mentor")

Amounts = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything counted in one program and period.

    `counts`: per measure the number of cases by value. `people`: per figure name the distinct people it is about.
    `open_minutes`: still unanswered asks by the minutes they have waited. `overdue`: agreed sessions whose start has
    passed and of which nobody said whether they were held.
    """

    counts: Mapping[str, Amounts]
    people: Mapping[str, int]
    open_minutes: Amounts
    overdue: int

    def of(self, *measures: Measure) -> int:
        """All cases of these measures."""
        return sum(sum(self.counts.get(measure, {}).values()) for measure in measures)

    def by_value(self, *measures: Measure) -> dict[int, int]:
        """The cases of these measures by value."""
        sums: dict[int, int] = {}
        for measure in measures:
            for value, amount in self.counts.get(measure, {}).items():
                sums[value] = sums.get(value, 0) + amount
        return sums


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure: its key, its heading in METRICS.md, the measures whose people it is about, and its computation."""

    name: str
    anchor: str
    concerned: tuple[Measure, ...]
    find: Callable[[Tally], Finding]

    @property
    def link(self) -> str:
        """Where it is explained."""
        return f"METRICS.md#{self.anchor}"


def figures_of(tally: Tally) -> dict[str, Figure]:
    """Every figure as it may be shown, by name.

    The sides of a survey add up to the published whole, so they are shown or suppressed together where needed.
    """
    shown = {d.name: model.show(d.find(tally), tally.people.get(d.name, 0)) for d in DEFINITIONS}
    for name in BY_SIDE:
        sides = [f"{name}_{side}" for side in SIDES]
        people = [tally.people.get(side, 0) for side in sides]
        for index in model.to_suppress(people, tally.people.get(name, 0)):
            shown[sides[index]] = SUPPRESSED
    return shown


def outcomes_of(tally: Tally) -> dict[str, int]:
    """What became of the requests, by outcome; together all that were asked."""
    named = {measure.value: tally.of(measure) for measure in OUTCOMES}
    return {**named, "open": tally.of(Measure.ASKED) - sum(named.values())}


def _count(measure: Measure, cases: Measure) -> Callable[[Tally], Finding]:
    return lambda tally: Finding(tally.of(measure), tally.of(cases))


def _ratio(part: tuple[Measure, ...], whole: tuple[Measure, ...]) -> Callable[[Tally], Finding]:
    return lambda tally: model.ratio(tally.of(*part), tally.of(*whole))


def _completion(tally: Tally) -> Finding:
    return model.ratio(tally.of(Measure.HELD), tally.of(Measure.ENDED) + tally.overdue)


def _top_two(*rated: Measure) -> Callable[[Tally], Finding]:
    def find(tally: Tally) -> Finding:
        ratings = tally.by_value(*rated)
        return model.ratio(sum(ratings.get(rating, 0) for rating in TOP_TWO), sum(ratings.values()))

    return find


def _mean(*rated: Measure) -> Callable[[Tally], Finding]:
    def find(tally: Tally) -> Finding:
        ratings = tally.by_value(*rated)
        cases = sum(ratings.values())
        total = sum(rating * amount for rating, amount in ratings.items())
        return Finding(total / cases if cases else None, cases)

    return find


def _hours_to_answer(share: float) -> Callable[[Tally], Finding]:
    def find(tally: Tally) -> Finding:
        unanswered = tally.by_value(Measure.UNANSWERED_AFTER)
        for minutes, asks in tally.open_minutes.items():
            unanswered[minutes] = unanswered.get(minutes, 0) + asks
        minutes_waited = model.waiting_quantile(tally.by_value(Measure.ANSWERED_AFTER), unanswered, share)
        hours = None if minutes_waited is None else round(minutes_waited / MINUTES_PER_HOUR, 2)
        return Finding(hours, tally.of(Measure.ASKED))

    return find


def _by_side(
    name: str,
    anchor: str,
    concerned: tuple[Measure, Measure],
    find: Callable[[tuple[Measure, ...]], Callable[[Tally], Finding]],
) -> tuple[Definition, ...]:
    """A figure over both sides of a survey and one for each; `find` makes the computation for some of `concerned`."""
    sides = zip(SIDES, concerned, strict=True)
    return (
        Definition(name, anchor, concerned, find(concerned)),
        *(Definition(f"{name}_{side}", anchor, (measure,), find((measure,))) for side, measure in sides),
    )


def _answered(sent: tuple[Measure, ...]) -> Callable[[Tally], Finding]:
    return _ratio(tuple(ANSWERED[measure] for measure in sent), sent)


OUTCOMES = (Measure.ACCEPTED, Measure.DECLINED, Measure.EXPIRED, Measure.WITHDRAWN)
ANSWERED = {
    Measure.SURVEY_SENT_LEARNER: Measure.SURVEY_ANSWERED_LEARNER,
    Measure.SURVEY_SENT_MENTOR: Measure.SURVEY_ANSWERED_MENTOR,
}
SENT = (Measure.SURVEY_SENT_LEARNER, Measure.SURVEY_SENT_MENTOR)
RATED = (Measure.RATED_LEARNER, Measure.RATED_MENTOR)
BY_SIDE = ("survey_response_ratio", "satisfaction_ratio", "satisfaction_mean")
DEFINITIONS = (
    Definition(
        "messages_exchanged", "messages-exchanged", (Measure.MESSAGE,), _count(Measure.MESSAGE, Measure.MESSAGE)
    ),
    Definition("two_way_threads", "two-way-threads", (Measure.THREAD,), _count(Measure.TWO_WAY_THREAD, Measure.THREAD)),
    Definition("connections", "connections", (Measure.CONNECTION,), _count(Measure.CONNECTION, Measure.CONNECTION)),
    Definition(
        "relationships_made",
        "relationships-made",
        (Measure.RELATIONSHIP,),
        _count(Measure.RELATIONSHIP, Measure.RELATIONSHIP),
    ),
    Definition(
        "relationship_ratio",
        "relationship-ratio",
        (Measure.CONNECTION,),
        _ratio((Measure.CONNECTION_KEPT,), (Measure.CONNECTION,)),
    ),
    *_by_side("survey_response_ratio", "survey-response-ratio", SENT, _answered),
    *_by_side("satisfaction_ratio", "satisfaction", RATED, lambda rated: _top_two(*rated)),
    *_by_side("satisfaction_mean", "satisfaction", RATED, lambda rated: _mean(*rated)),
    Definition(
        "solved_in_chat",
        "solved-in-chat",
        (Measure.SOLVED_IN_CHAT,),
        _count(Measure.SOLVED_IN_CHAT, Measure.SOLVED_IN_CHAT),
    ),
    Definition(
        "use_ratio", "use-after-30-days", (Measure.FOLLOWED_UP,), _ratio((Measure.USED,), (Measure.FOLLOWED_UP,))
    ),
    Definition("acceptance_ratio", "acceptance-ratio", (Measure.ASKED,), _ratio((Measure.ACCEPTED,), (Measure.ASKED,))),
    Definition("completion_ratio", "completion-ratio", (Measure.ENDED,), _completion),
    Definition(
        "zero_result_ratio", "zero-result-ratio", (Measure.SEARCH,), _ratio((Measure.ZERO_RESULT,), (Measure.SEARCH,))
    ),
    Definition("hours_to_first_response_p50", "time-to-first-response", (Measure.ASKED,), _hours_to_answer(0.5)),
    Definition("hours_to_first_response_p90", "time-to-first-response", (Measure.ASKED,), _hours_to_answer(0.9)),
)
