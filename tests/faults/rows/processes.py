"""Rows in which a process of ours dies, hangs, is stopped or is overtaken, at a chosen point or at any."""

import asyncio
import resource
import signal

import httpx2
from chassis.failpoints import Action
from chassis.relay import LEADER_LOCK
from flash_local import loopback

from tests.faults.load import Pace
from tests.faults.run import Run, row
from tests.faults.system import SERVICES
from tests.faults.watch import rows
from tests.support.waiting import eventually

API_POINTS = ("request.received", "transaction.committing", "transaction.committed", "request.answering")
RELAY_POINTS = ("relay.read", "publisher.sent", "relay.acknowledged", "relay.moving", "relay.moved")
END_LEADER = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1::bigint AND granted"
)


@row(2, "an API process dies before, during or after the commit")
async def an_api_dies_around_the_commit(run: Run) -> None:
    async with run.writing():
        await run.dies_at(run.one_of("profile", "session"), run.one_of(*API_POINTS), run.random.randint(1, 4))


@row(3, "a relay dies after reading, before the acknowledgement, before the cursor moves, or amid a window")
async def a_relay_dies_at_any_step(run: Run) -> None:
    async with run.writing():
        await run.dies_at(run.one_of("profile", "session"), run.one_of(*RELAY_POINTS), run.random.randint(1, 3))


@row(4, "a leading relay hangs amid a window, another takes over, the first comes back as a zombie", fast=False)
async def a_zombie_relay_comes_back(run: Run) -> None:
    service = run.one_of("profile", "session")
    second = await run.system.start_second(service, "relay")
    await _leads(run, service, second)
    async with run.writing(Pace(seconds=8)):
        armed = run.system.arm(
            service, run.one_of("relay.read", "relay.acknowledged"), Action(kind="block", after_ms=8_000)
        )
        await eventually(lambda: not armed.exists(), 20)
        await end_leader(run, service)
        await asyncio.sleep(8)
        run.happened(f"the leading relay of {service} hung for 8 s without its session")


async def _leads(run: Run, service: str, second: str) -> None:
    """Have the second relay lead: end the sessions of whoever leads until it does."""
    url = f"http://127.0.0.1:{run.system.process(second).program.env['FLASH_HTTP_PORT']}/metrics"

    async def it_does() -> bool:
        async with loopback.client() as client:
            try:
                text = (await client.get(url)).text
            except httpx2.HTTPError:
                return False
        if f'flash_relay_leader{{service="{service}"}} 1.0' in text:
            return True
        await end_leader(run, service)
        await asyncio.sleep(1)
        return False

    await eventually(it_does, 60)


async def end_leader(run: Run, service: str) -> None:
    """End the database session that holds the relay's lock."""
    await rows(run.system, service, END_LEADER, LEADER_LOCK)


@row(5, "the database session of a leading relay is ended, again and again")
async def a_leader_loses_its_session(run: Run) -> None:
    service = run.one_of("profile", "session", "search")
    async with run.writing():
        for _ in range(run.random.randint(1, 4)):
            await run.a_moment()
            await end_leader(run, service)
            run.happened(f"the leading relay of {service} lost its session")


@row(10, "the search process dies before, amid or after a bulk request")
async def search_dies_around_the_bulk_request(run: Run) -> None:
    points = {"index.sending": run.random.randint(0, 30), "index.sent": 0, "people.handled": 0, "people.committed": 0}
    point = run.one_of(*points)
    async with run.writing():
        await run.dies_at("search", point, run.random.randint(1, 3), points[point])


@row(11, "the analytics process dies before or after its commit, before Kafka is told")
async def analytics_dies_around_the_commit(run: Run) -> None:
    point = f"{run.one_of('facts', 'directory')}.{run.one_of('taken', 'handled', 'committed')}"
    async with run.writing():
        await run.dies_at("analytics", point, run.random.randint(1, 3))


@row(12, "a service is told to stop amid a batch")
async def a_service_is_told_to_stop(run: Run) -> None:
    service = run.one_of(*SERVICES)
    async with run.writing():
        await run.a_moment(2)
        run.system.send(service, signal.SIGTERM)
        run.happened(f"{service} was told to stop")


@row(13, "every service is restarted, one after the other, under load", fast=False)
async def a_rolling_restart(run: Run) -> None:
    async with run.writing(Pace(pushes=20, messages=60, asks=12, seconds=25)):
        for service in run.random.sample(SERVICES, len(SERVICES)):
            await _restarted(run, service)
            run.happened(f"{service} was restarted")


async def _restarted(run: Run, service: str) -> None:
    before = run.system.process(service)
    run.system.send(service, signal.SIGTERM)
    await before.wait_ended()
    await eventually(lambda: run.system.process(service) is not before, 30)
    await run.system.process(service).wait_ready()


@row(14, "a consumer is stopped for longer than its session, its partitions go on elsewhere, and it comes back")
async def a_zombie_consumer_comes_back(run: Run) -> None:
    service = run.one_of("analytics", "search")
    second = await run.system.start_second(service, "consume")
    async with run.writing(Pace(seconds=6)):
        await run.a_moment(2)
        run.system.send(service, signal.SIGSTOP)
        await asyncio.sleep(8)
        run.system.send(service, signal.SIGCONT)
        run.happened(f"{service} was stopped for 8 s")
    await run.system.stop_second(second)


@row(15, "consumers come and go")
async def consumers_come_and_go(run: Run) -> None:
    service = run.one_of("search", "session", "analytics")
    async with run.writing(Pace(seconds=8)):
        others = [await run.system.start_second(service, "consume") for _ in range(2)]
        await run.a_moment(5)
        for other in others:
            await run.system.stop_second(other)
            run.happened(f"a second consumer of {service} came and went")


@row(16, "an event loop is blocked for 20 s", fast=False)
async def an_event_loop_is_blocked(run: Run) -> None:
    service, consumer = run.one_of(("search", "people"), ("session", "people"), ("analytics", "facts"))
    async with run.writing():
        await run.hangs_at(service, f"{consumer}.handled", 20)


@row(41, "a service runs out of file descriptors")
async def a_service_runs_out_of_descriptors(run: Run) -> None:
    service = run.one_of(*SERVICES)
    pid = run.system.process(service).pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    async with run.writing():
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (12, before[1]))
        await asyncio.sleep(4)
        if run.system.process(service).pid == pid:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        run.happened(f"{service} had 12 file descriptors for 4 s")
