"""The read path for dashboards: the success of every program as gauges, computed when something new was consumed."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import get_args

from chassis.database import Database, Transaction
from prometheus_client import Gauge

from analytics_service import metrics, reads
from analytics_service.figures import figures_of
from analytics_service.model import ObjectiveState
from analytics_service.reads import Period, Program
from analytics_service.report import count, judge_objectives

FIGURES = {
    "messages_exchanged": metrics.MESSAGES_EXCHANGED,
    "relationships_made": metrics.RELATIONSHIPS_MADE,
    "satisfaction_ratio": metrics.SATISFACTION_RATIO,
    "survey_response_ratio": metrics.SURVEY_RESPONSE_RATIO,
}

Values = dict[tuple[str, ...], float]


class Gauges:
    """Keeps the gauges of this process current."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: int | None = None
        self._shown: dict[Gauge, Values] = {}

    async def refresh(self) -> bool:
        """Compute all gauges again if anything was consumed since the last time. Never more to do at once."""
        async with reads.snapshot(self._database) as connection:
            consumed = await reads.batches(connection)
            if consumed != self._seen:
                self._show(await _values(connection, datetime.now(UTC)))
                self._seen = consumed
        return False

    def _show(self, values: Mapping[Gauge, Values]) -> None:
        """Set what there is to show and remove what is gone, without a moment of nothing in between."""
        for gauge, labelled in values.items():
            for labels, value in labelled.items():
                gauge.labels(*labels).set(value)
            for labels in self._shown.get(gauge, {}).keys() - labelled.keys():
                gauge.remove(*labels)
            self._shown[gauge] = labelled


async def _values(connection: Transaction, now: datetime) -> dict[Gauge, Values]:
    values: dict[Gauge, Values] = {gauge: {} for gauge in (metrics.PROGRAM_INFO, metrics.OBJECTIVES, *FIGURES.values())}
    for program in await reads.programs(connection):
        await _add(values, connection, program, now)
    return values


async def _add(values: dict[Gauge, Values], connection: Transaction, program: Program, now: datetime) -> None:
    label = str(program.program_id)
    values[metrics.PROGRAM_INFO][label, program.name] = 1
    period = Period(program.starts_on, max(program.starts_on, now.date()))
    figures = figures_of(await count(connection, program.program_id, period, now))
    for name, gauge in FIGURES.items():
        value = figures[name].value
        if value is not None:
            values[gauge][(label,)] = value
    states = Counter(objective.state for objective in await judge_objectives(connection, program, now))
    for state in get_args(ObjectiveState):
        values[metrics.OBJECTIVES][label, state] = states[state]
