"""I10: nothing stands still in silence. Who has something to do and does not get on says within seconds that it cannot.

Looked at from outside while a run goes on. The index is not among it: a search process goes on answering while
OpenSearch is closed to writing, and an alert speaks for it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from tests.faults.system import SERVICES, System
from tests.faults.watch import AWAY, CONSUMING, POSITIONS, UNPUBLISHED, Topics, ready, rows

SPEAKS_WITHIN_S = 15
LOOK_INTERVAL_S = 1.0
LOOK_TAKES_S = 5
"""Between two looks, and for what a look needs itself."""
CURSOR = f"SELECT ({UNPUBLISHED}) AS waiting, snapshot::text FROM outbox_cursor"


@dataclass
class Silence:
    """Since when each place stands where it stands, and who stood still while saying to be ready."""

    found: list[str] = field(default_factory=list)
    _since: dict[str, tuple[Hashable, float]] = field(default_factory=dict)

    async def look(self, system: System, topics: Topics) -> None:
        """Once; raises like any engine that is away."""
        now, standing = time.monotonic(), await _standing(system, topics)
        before = self._since
        self._since = {
            place: before[place] if place in before and before[place][0] == mark else (mark, now)
            for place, mark in standing.items()
        }
        late = [place for place, (_, at) in self._since.items() if now - at > SPEAKS_WITHIN_S + LOOK_TAKES_S]
        if late:
            says = await ready(system)
            self.found += [f"{place} stood still and said nothing" for place in late if says[place.split(".")[0]]]
            for place in late:
                del self._since[place]


async def _standing(system: System, topics: Topics) -> dict[str, Hashable]:
    """Where something waits, and a mark that changes when it gets on."""
    marks: dict[str, Hashable] = {}
    for service in SERVICES:
        for row in await rows(system, service, CURSOR):
            if row["waiting"]:
                marks[f"{service}.outbox"] = row["snapshot"]
    ends = await topics.ends()
    for service in CONSUMING:
        read = await rows(system, service, POSITIONS)
        for consumer in {row["consumer"] for row in read}:
            own = sorted((r["topic"], r["partition"], r["next_offset"]) for r in read if r["consumer"] == consumer)
            if any(ends.get(TopicPartition(topic, partition), 0) > position for topic, partition, position in own):
                marks[f"{service}.{consumer}"] = tuple(own)
    return marks


@asynccontextmanager
async def listened(system: System, topics: Topics) -> AsyncIterator[Silence]:
    """Look again and again while the block runs; while an engine is away nothing can be said."""
    silence = Silence()

    async def listen() -> None:
        while True:
            with suppress(*AWAY):
                async with asyncio.timeout(LOOK_TAKES_S):
                    await silence.look(system, topics)
            await asyncio.sleep(LOOK_INTERVAL_S)

    task = asyncio.create_task(listen())
    try:
        yield silence
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
