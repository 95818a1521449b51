"""One run of one row: writers write, the row breaks something, everything arrives, and everything is checked."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from chassis.failpoints import Action

from tests.faults.checks import Findings, History, check
from tests.faults.ledger import Ledger
from tests.faults.load import Pace, Writers
from tests.faults.silence import LOOK_INTERVAL_S, Silence
from tests.faults.system import Platform, System
from tests.faults.watch import AWAY, SAMPLE_INTERVAL_S, NotSettled, Samples, Topics, meanwhile, number, settle
from tests.support.waiting import eventually

T = TypeVar("T")

REACHED_WITHIN_S = 20
SEEDS_FAST, SEEDS_SLOW = 20, 3
COUNT_SESSIONS = "SELECT count(*) FROM session"


@dataclass
class Lab:
    """What stays between runs: the platform, who uses it, and what its topics have held."""

    system: System
    writers: Writers
    topics: Topics
    history: History


@dataclass
class Run:
    """What a row has at hand. It says of each fault what it was, and the moment at which the last one was over."""

    lab: Lab
    random: Random
    seed: int
    found: Findings = field(default_factory=Findings)
    faults: list[str] = field(default_factory=list)
    ended_at: float = 0.0
    expected_parked: int | None = 0
    """None where it is left to chance how many."""
    positions_may_go_back: bool = False
    pace: Pace = field(default_factory=Pace)
    _writing: bool = False

    @property
    def system(self) -> System:
        """The platform."""
        return self.lab.system

    def one_of(self, *choices: T) -> T:
        """Drawn from the run's seed."""
        return self.random.choice(choices)

    def happened(self, fault: str) -> None:
        """The fault is over now, as far as we do it."""
        self.faults.append(fault)
        self.ended_at = time.monotonic()

    async def a_moment(self, most_s: float = 1.0) -> None:
        """Let the writers go on for a while."""
        await asyncio.sleep(self.random.uniform(0.1, 1) * most_s)

    @asynccontextmanager
    async def writing(self, pace: Pace | None = None) -> AsyncIterator[None]:
        """Writers at work around the block; leaves when their calls have ended. Inside another: those of that one."""
        if self._writing:
            yield
            return
        self._writing = True
        writing = asyncio.create_task(self.lab.writers.write(self.random, pace or self.pace))
        try:
            yield
            await writing
        finally:
            self._writing = False
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def dies_at(self, service: str, point: str, at_pass: int = 1, after_ms: int = 0) -> None:
        """The service ends itself at a failpoint; returns when it has."""
        action = Action(at_pass=at_pass, after_ms=after_ms)
        await self._reached(service, point, action)
        self.happened(f"{service} died at {point}, pass {at_pass}" + (f", {after_ms} ms later" if after_ms else ""))

    async def hangs_at(self, service: str, point: str, seconds: float, at_pass: int = 1) -> None:
        """The service's whole process hangs at a failpoint; returns when it goes on or is ended."""
        await self._reached(service, point, Action(kind="block", at_pass=at_pass, after_ms=int(seconds * 1000)))
        await asyncio.sleep(seconds)
        self.happened(f"{service} hung for {seconds:.0f} s at {point}")

    async def killed(self, name: str) -> None:
        """A process is killed, whatever it was doing."""
        await self.system.kill(name)
        self.happened(f"{name} was killed")

    async def _reached(self, service: str, point: str, action: Action) -> None:
        armed = self.system.arm(service, point, action)
        await eventually(lambda: not armed.exists(), REACHED_WITHIN_S)


Play = Callable[[Run], Awaitable[None]]


@dataclass(frozen=True)
class Row:
    """One row of the fault matrix."""

    number: int
    title: str
    play: Play
    fast: bool
    settles_within_s: float
    seeds: int
    only_named: bool
    """Too long to be part of everything; runs when asked for by its number."""
    platform: Platform


ROWS: dict[int, Row] = {}
USUAL = Platform()


def row(
    number: int,
    title: str,
    *,
    fast: bool = True,
    settles_within_s: float = 90,
    seeds: int | None = None,
    only_named: bool = False,
    platform: Platform = USUAL,
) -> Callable[[Play], Play]:
    """Register the function as a row of the matrix; `fast` when a run takes some 10 to 30 s, so that CI runs it, too.

    Where it takes more than 20 s, `seeds` is SEEDS_SLOW.
    """

    def register(play: Play) -> Play:
        assert number not in ROWS, f"row {number} is there twice"
        usual = SEEDS_FAST if fast else SEEDS_SLOW
        ROWS[number] = Row(number, title, play, fast, settles_within_s, seeds or usual, only_named, platform)
        return play

    return register


@dataclass(frozen=True)
class Result:
    """What came of one run."""

    row: int
    seed: int
    events: int
    faults: Sequence[str]
    lost: int
    doubled: int
    inverted: int
    resurrected: int
    parked: int
    unanswered: int
    recovery_s: float
    seconds: float
    findings: Sequence[str]


async def execute(lab: Lab, row: Row, seed: int) -> Result:
    """Run a row once. Raises NotSettled when the platform is not whole before it begins."""
    began = time.monotonic()
    await lab.system.calm_down()
    await settle(lab.system, lab.topics, row.settles_within_s)
    run, ledger, before = Run(lab, Random(f"{row.number}/{seed}"), seed), lab.writers.begin(), lab.history.records
    ledger.sessions_before = await number(lab.system, "session", COUNT_SESSIONS)
    samples, silence = Samples(), Silence()
    async with (
        meanwhile(lambda: samples.take(lab.system), SAMPLE_INTERVAL_S),
        meanwhile(lambda: silence.look(lab.system, lab.topics), LOOK_INTERVAL_S),
    ):
        await _play(run, row)
        recovery_s = await _recovered(run, row)
    lab.history.take(await lab.topics.read_on(), run.found)
    await _check(run, ledger)
    if not run.positions_may_go_back:
        run.found.other += samples.went_back
    run.found.other += silence.found
    return _result(run, row, seed, ledger, lab.history.records - before, recovery_s, time.monotonic() - began)


async def _play(run: Run, row: Row) -> None:
    try:
        await row.play(run)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what came of this run, and the next one begins
        run.found.other.append(f"the row did not go as it should: {error!r}")
    if not run.ended_at:
        run.happened("nothing")


async def _recovered(run: Run, row: Row) -> float:
    try:
        await settle(run.system, run.lab.topics, row.settles_within_s)
    except NotSettled as error:
        run.found.other.append(str(error))
    return time.monotonic() - run.ended_at


async def _check(run: Run, ledger: Ledger) -> None:
    try:
        await check(run.system, run.lab.writers.organisation, ledger, run.lab.history, run.found)
    except AWAY as error:
        run.found.other.append(f"could not be checked: {error!r}")
    if run.expected_parked is not None and run.found.parked != run.expected_parked:
        run.found.other.append(f"{run.found.parked} records were parked, not {run.expected_parked}")


def _result(run: Run, row: Row, seed: int, ledger: Ledger, events: int, recovery_s: float, seconds: float) -> Result:
    found = run.found
    return Result(
        row=row.number,
        seed=seed,
        events=events,
        faults=run.faults,
        lost=len(found.lost),
        doubled=len(found.doubled),
        inverted=len(found.inverted),
        resurrected=len(found.resurrected),
        parked=found.parked,
        unanswered=ledger.unanswered,
        recovery_s=round(recovery_s, 2),
        seconds=round(seconds, 1),
        findings=found.all()[:20],
    )
