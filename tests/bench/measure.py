"""What every benchmark shares: a clock over wall and CPU time, and one way to print a figure beside its floor."""

import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Spent:
    """Wall seconds and this process' CPU seconds."""

    wall_s: float = 0
    cpu_s: float = 0


@contextmanager
def spent() -> Iterator[Spent]:
    """Measures the block."""
    result, started, cpu = Spent(), time.perf_counter(), _cpu_s()
    yield result
    result.wall_s, result.cpu_s = time.perf_counter() - started, _cpu_s() - cpu


def against_floor(name: str, ours: Spent, floor: Spent, count: int, what: str) -> None:
    """One line: our rate, the floor's in the same run, their ratio, and CPU-seconds per 1,000."""
    print(
        f"{name}: {count / ours.wall_s:,.0f} {what}/s, floor {count / floor.wall_s:,.0f}; "
        f"ratio {floor.wall_s / ours.wall_s:.2f}; "
        f"CPU {ours.cpu_s / count * 1000:.3f} s per 1,000 (floor {floor.cpu_s / count * 1000:.3f})",
        flush=True,
    )


def quantiles(name: str, seconds: Sequence[float]) -> None:
    """One line: p50, p95 and p99 in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    print(
        f"{name}: p50 {cuts[49] * 1000:,.0f} ms, p95 {cuts[94] * 1000:,.0f} ms, p99 {cuts[98] * 1000:,.0f} ms "
        f"({len(seconds)} measurements)",
        flush=True,
    )


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
