"""I10: nothing stands still in silence. Who has something to do and does not get on says within seconds that it cannot.

Looked at from outside while a run goes on: a place that stands still while its service says to be ready. The index is
not among it: a search process goes on answering while OpenSearch is closed to writing, and an alert speaks for it.
"""

import asyncio
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from flash_schemas.topics import load_topics

from tests.faults.system import SERVICES, System
from tests.faults.watch import AWAY, CONSUMING, POSITIONS, WAITING, Topics, ready, rows

SPEAKS_WITHIN_S = 15
LOOK_INTERVAL_S = 1.0
LOOK_TAKES_S = 5
"""Between two looks, and for what a look needs itself."""
CURSOR = f"SELECT ({WAITING}) AS waiting, snapshot::text FROM outbox_cursor"


@dataclass
class Silence:
    """Since when each place stands where it stands while its service says to be ready, and who did so for too long."""

    found: list[str] = field(default_factory=list)
    _since: dict[str, tuple[Hashable, float]] = field(default_factory=dict)

    async def look(self, system: System, topics: Topics) -> None:
        """Once; while an engine is away nothing can be said, and what was seen before counts no more."""
        try:
            async with asyncio.timeout(LOOK_TAKES_S):
                standing, says = await _standing(system, topics), await ready(system)
        except AWAY:
            self._since = {}
            return
        silent = {place: mark for place, mark in standing.items() if says[place.split(".")[0]]}
        self.take(silent, time.monotonic())

    def take(self, silent: Mapping[str, Hashable], now: float) -> None:
        """Where something waits behind a service that says to be ready, with a mark that changes when it gets on."""
        before = self._since
        self._since = {
            place: before[place] if place in before and before[place][0] == mark else (mark, now)
            for place, mark in silent.items()
        }
        for place, (mark, at) in self._since.items():
            if now - at > SPEAKS_WITHIN_S + LOOK_TAKES_S:
                self.found.append(f"{place} stood still and said nothing")
                self._since[place] = mark, now


async def _standing(system: System, topics: Topics) -> dict[str, Hashable]:
    """Where something waits, and a mark that changes when it gets on."""
    marks: dict[str, Hashable] = {}
    ends = await topics.ends()
    for service in SERVICES:
        for row in await rows(system, service, CURSOR):
            if row["waiting"]:
                marks[f"{service}.outbox"] = row["snapshot"], _published(service, ends)
    for service in CONSUMING:
        read = await rows(system, service, POSITIONS)
        for consumer in {row["consumer"] for row in read}:
            own = sorted((r["topic"], r["partition"], r["next_offset"]) for r in read if r["consumer"] == consumer)
            if any(ends.get(TopicPartition(topic, partition), 0) > position for topic, partition, position in own):
                marks[f"{service}.{consumer}"] = tuple(own)
    return marks


def _published(service: str, ends: Mapping[TopicPartition, int]) -> int:
    """How much is on the topics that the service writes: a long window gets on before the cursor moves."""
    own = {topic.name for topic in load_topics() if service in topic.producers}
    return sum(end for place, end in ends.items() if place.topic in own)
