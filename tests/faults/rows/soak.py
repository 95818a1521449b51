"""Half an hour in which nothing is broken: whatever grows then, grows for ever (I11)."""

import asyncio
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field

import psutil

from tests.faults.load import Pace
from tests.faults.run import Run, row
from tests.faults.system import SERVICES, System
from tests.faults.watch import number

SOAK_S = 30 * 60
WARM_UP_S = 5 * 60
INTERVAL_S = 10
NOISE_SHARE = 0.02
"""How much of its memory a process may gain in half an hour and still count as level; or twice the scatter."""
MOST_WAL_BYTES = 2 * 2**30
MOST_DEAD_ROWS = 50_000
WAL = "SELECT sum(size)::bigint FROM pg_ls_waldir()"
DEAD = "SELECT sum(n_dead_tup)::bigint FROM pg_stat_user_tables"
LIVE = "SELECT sum(n_live_tup)::bigint FROM pg_stat_user_tables"


@row(1, "nothing is broken for half an hour", fast=False, seeds=1, only_named=True)
async def nothing_is_broken(run: Run) -> None:
    memory, ends = Memory(), time.monotonic() + SOAK_S
    watching = asyncio.create_task(memory.watch(run.system))
    while time.monotonic() < ends:
        async with run.writing(Pace(pushes=40, people=110, messages=120, asks=24, seconds=40)):
            pass
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    run.happened("; ".join(memory.said()))
    run.found.other += [*memory.grown(), *await _kept(run.system)]


@dataclass
class Memory:
    """Resident bytes of each service over time, by process: one that was started again begins anew."""

    seen: dict[tuple[str, int], list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))

    async def watch(self, system: System) -> None:
        """Look again and again, after the time in which caches fill."""
        await asyncio.sleep(WARM_UP_S)
        while True:
            for service in SERVICES:
                pid = system.process(service).pid
                self.seen[service, pid].append((time.monotonic(), psutil.Process(pid).memory_info().rss))
            await asyncio.sleep(INTERVAL_S)

    def said(self) -> list[str]:
        """The slope of each, for people."""
        return [
            f"{service} {bytes_of[0][1] / 2**20:.0f} MiB, {self._gain(bytes_of) / 2**20:+.1f} MiB in 30 min"
            for (service, _), bytes_of in self.seen.items()
        ]

    def grown(self) -> list[str]:
        """Who gained more than noise, or did not live through it."""
        found = [f"{service} was started again" for service in SERVICES if self._lives(service) > 1]
        for (service, _), bytes_of in self.seen.items():
            scatter = statistics.pstdev([size for _, size in bytes_of])
            if self._gain(bytes_of) > max(2 * scatter, NOISE_SHARE * bytes_of[0][1]):
                found.append(f"the memory of {service} gained {self._gain(bytes_of) / 2**20:.1f} MiB in half an hour")
        return found

    def _lives(self, service: str) -> int:
        return sum(name == service for name, _ in self.seen)

    @staticmethod
    def _gain(bytes_of: list[tuple[float, int]]) -> float:
        """What the straight line through the sizes gains in half an hour."""
        if len(bytes_of) < 2:
            return 0.0
        moments, sizes = zip(*bytes_of, strict=True)
        return statistics.linear_regression(moments, sizes).slope * SOAK_S


async def _kept(system: System) -> list[str]:
    """What PostgreSQL keeps besides the rows that count."""
    found = []
    if (wal := await number(system, "profile", WAL)) > MOST_WAL_BYTES:
        found.append(f"{wal / 2**20:.0f} MiB of write-ahead log are kept")
    for service in SERVICES:
        dead, live = await number(system, service, DEAD), await number(system, service, LIVE)
        if dead > max(MOST_DEAD_ROWS, live):
            found.append(f"{service} keeps {dead} dead rows beside {live}")
    return found
