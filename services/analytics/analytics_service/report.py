"""The read path: from rollups to one program's report, everything from one snapshot."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from chassis.database import Transaction
from flash_schemas.profile import Objective

from analytics_service import model, reads
from analytics_service.answers import (
    FigureAnswer,
    ObjectiveAnswer,
    OutcomesAnswer,
    PeriodAnswer,
    ReportAnswer,
    UnitAnswer,
)
from analytics_service.facts import Measure
from analytics_service.figures import DEFINITIONS, Tally, figures_of, outcomes_of
from analytics_service.model import SUPPRESSED, Figure, Finding
from analytics_service.reads import Period, Program, UnitPart

LINKS = {definition.name: definition.link for definition in DEFINITIONS}
CONCERNED = [(definition.name, measure) for definition in DEFINITIONS for measure in definition.concerned]
OUTCOMES_LINK = "METRICS.md#request-outcomes"
UNITS_LINK = "METRICS.md#departments"
UNIT_FIGURES = {"requests_made": Measure.ASKED_BY_LEARNER, "sessions_held": Measure.HELD}
NO_CASES = Figure("value", 0, 0)


def whole_months(first: date, last: date) -> Period:
    """The period from the first day of one month to the last day of another.

    Reports of any days could be subtracted from each other down to what one person did on one day.
    """
    after = (last.replace(day=1) + timedelta(days=31)).replace(day=1)
    return Period(first.replace(day=1), after - timedelta(days=1))


async def make_report(connection: Transaction, program: Program, period: Period, now: datetime) -> ReportAnswer:
    """The report of a program. `connection` should read one snapshot; `now` decides what is open and overdue."""
    tally = await count(connection, program.program_id, period, now)
    figures = figures_of(tally)
    measures = list(UNIT_FIGURES.values())
    parts = await reads.units(connection, program.program_id, period, measures)
    people = await reads.people(connection, program.program_id, period, [(measure, measure) for measure in measures])
    return ReportAnswer(
        program_id=program.program_id,
        name=program.name,
        period=PeriodAnswer.model_validate({"from": period.first, "to": period.last}),
        as_of=await reads.as_of(connection),
        metrics={name: FigureAnswer.of(figure, LINKS[name]) for name, figure in figures.items()},
        outcomes=_outcomes(tally, figures["acceptance_ratio"]),
        objectives=await judge_objectives(connection, program, now),
        units=_units(parts, people),
    )


async def count(connection: Transaction, program_id: UUID, period: Period, now: datetime) -> Tally:
    """Everything counted in a program and period."""
    people = await reads.people(connection, program_id, period, CONCERNED)
    overdue = await reads.overdue(connection, program_id, period, now)
    return Tally(
        counts=await reads.counts(connection, program_id, period),
        people={**people, "completion_ratio": overdue.people},
        open_minutes=await reads.open_minutes(connection, program_id, period, now),
        overdue=overdue.sessions,
    )


async def judge_objectives(connection: Transaction, program: Program, now: datetime) -> list[ObjectiveAnswer]:
    """Each objective on what happened from the program's start to the day it is due, in the order of the dates."""
    ordered = sorted(program.objectives, key=lambda objective: objective.due)
    judged: list[ObjectiveAnswer] = []
    for due, objectives in groupby(ordered, key=lambda objective: objective.due):
        figures = figures_of(await count(connection, program.program_id, Period(program.starts_on, due), now))
        judged += [_objective(objective, figures[objective.metric]) for objective in objectives]
    return judged


def _objective(objective: Objective, figure: Figure) -> ObjectiveAnswer:
    return ObjectiveAnswer(
        objective_id=objective.objective_id,
        text=objective.text,
        metric=objective.metric,
        target=objective.target,
        direction=objective.direction,
        due=objective.due,
        state=model.judge(figure, objective.target, objective.smallest_cases, objective.direction),
        value=figure.value,
        interval=figure.interval,
        cases=figure.cases,
        smallest_cases=objective.smallest_cases,
        definition=LINKS[objective.metric],
    )


def _outcomes(tally: Tally, acceptance: Figure) -> OutcomesAnswer:
    """Shown where the acceptance ratio is: both are about everyone who asked or was asked."""
    mix = outcomes_of(tally) if acceptance.state == "value" else {}
    return OutcomesAnswer(state=acceptance.state, cases=acceptance.cases, definition=OUTCOMES_LINK, **mix)


def _units(parts: Iterable[UnitPart], people: Mapping[str, int]) -> list[UnitAnswer]:
    """One row per department; in each column enough is suppressed to hide the small groups from subtraction.

    `people` are the distinct ones of each measure. Nothing hides a small group of them all: then there are no rows.
    """
    if any(model.is_small(size) for size in people.values()):
        return []
    columns = {
        name: _column([part for part in parts if part.measure == measure], people.get(measure, 0))
        for name, measure in UNIT_FIGURES.items()
    }
    places = dict.fromkeys((part.unit_id, part.name) for part in parts)
    return [
        UnitAnswer.model_validate({"unit_id": unit_id, "name": name} | _row(columns, unit_id))
        for unit_id, name in places
    ]


def _row(columns: dict[str, dict[UUID | None, Figure]], unit_id: UUID | None) -> dict[str, FigureAnswer]:
    return {name: FigureAnswer.of(column.get(unit_id, NO_CASES), UNITS_LINK) for name, column in columns.items()}


def _column(parts: list[UnitPart], people: int) -> dict[UUID | None, Figure]:
    hidden = model.to_suppress([part.people for part in parts], people)
    return {
        part.unit_id: SUPPRESSED if index in hidden else model.show(Finding(part.amount, part.amount), part.people)
        for index, part in enumerate(parts)
    }
