"""Work that no request asks for goes on through failures of the moment, and ends with the process."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from chassis.database import Database
from chassis.worker import Worker

from tests.support.running import running
from tests.support.waiting import eventually

AN_HOUR_MS = 3_600_000


class Rounds:
    """A job that counts its rounds; `left` more are wanted at once, `failures` fail first."""

    def __init__(self, left: int = 0, failures: int = 0, error: Exception | None = None) -> None:
        self.done = 0
        self.left = left
        self.failures = failures
        self.error = error or ConnectionError()

    async def __call__(self) -> bool:
        if self.failures:
            self.failures -= 1
            raise self.error
        self.done += 1
        self.left = max(0, self.left - 1)
        return self.left > 0


def patient(job: Callable[[], Awaitable[bool]], *, wake_on_commit: bool = True) -> Worker:
    return Worker("job", job, AN_HOUR_MS, wake_on_commit=wake_on_commit)


async def commit(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("SELECT 1")


async def test_work_goes_on_at_once_while_there_is_more(database: Database) -> None:
    job = Rounds(left=5)
    async with running(patient(job), database=database):
        await eventually(lambda: job.done == 5)


async def test_a_commit_brings_the_next_round_and_the_clock_does_too(database: Database) -> None:
    woken, timed = Rounds(), Rounds()
    async with running(patient(woken), Worker("timed", timed, 1, wake_on_commit=False), database=database):
        await eventually(lambda: woken.done == 1)
        await commit(database)
        await eventually(lambda: woken.done == 2)
        await eventually(lambda: timed.done > 3)
        assert woken.done == 2


async def test_a_worker_that_ignores_commits_waits_for_its_clock(database: Database) -> None:
    ignoring, woken = Rounds(), Rounds()
    async with running(patient(ignoring, wake_on_commit=False), patient(woken), database=database):
        await eventually(lambda: (ignoring.done, woken.done) == (1, 1))
        await commit(database)
        await eventually(lambda: woken.done == 2)
        assert ignoring.done == 1


async def test_a_failure_of_the_moment_is_tried_again_and_reported_while_it_lasts(database: Database) -> None:
    job = Rounds(failures=10_000)
    worker = Worker("job", job, 1, longest_round_ms=200)

    async def hurried() -> str | None:
        await commit(database)  # wakes it before its pause is over
        return worker.problem()

    async with running(worker, database=database):
        assert "times in a row" in str(await eventually(hurried))
        job.failures = 0
        await commit(database)
        await eventually(lambda: job.done)
        assert worker.problem() is None


async def test_a_round_that_does_not_end_is_reported_while_it_lasts(database: Database) -> None:
    finish = asyncio.Event()

    async def held() -> bool:
        await finish.wait()
        return False

    worker = Worker("job", held, AN_HOUR_MS, longest_round_ms=100)
    async with running(worker, database=database):
        assert "at one round for" in str(await eventually(worker.problem))
        finish.set()
        await eventually(lambda: worker.problem() is None)


@pytest.mark.parametrize(("failures", "most_s"), [(1, 0.2), (4, 1.6), (8, 10), (1_000_000, 10)])
def test_pauses_grow_with_each_failure_up_to_a_limit(failures: int, most_s: float) -> None:
    worker = Worker("job", Rounds(), 1)
    worker._failures = failures
    pauses = [worker._pause_s() for _ in range(200)]
    assert max(pauses) <= most_s
    assert max(pauses) > most_s / 2


async def test_any_other_error_ends_the_worker(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await patient(Rounds(failures=1, error=ZeroDivisionError())).run(database, asyncio.Event())


async def test_a_worker_stops_after_the_round_at_hand(database: Database) -> None:
    at_work, finish, rounds = asyncio.Event(), asyncio.Event(), Rounds(left=100)

    async def held() -> bool:
        at_work.set()
        await finish.wait()
        return await rounds()

    async with running(patient(held), database=database) as stopping:
        await at_work.wait()
        stopping.set()
        finish.set()
    assert rounds.done == 1
