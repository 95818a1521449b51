"""Rows in which a process of ours dies, hangs, is stopped or is overtaken, at a chosen point or at any."""

import signal

from tests.faults.run import Run, row

RELAY_POINTS = ("relay.read", "publisher.sent", "relay.acknowledged", "relay.moving", "relay.moved")
SEARCH_CONSUMERS = ("people", "availability")


@row(2, "an API process dies before, during or after the commit")
async def an_api_dies_around_the_commit(run: Run) -> None:
    service = run.one_of("profile", "session")
    point = run.one_of("request.received", "transaction.committing", "transaction.committed", "request.answering")
    async with run.writing():
        await run.dies_at(service, point, at_pass=run.random.randint(1, 4))


@row(3, "a relay dies after reading, before the acknowledgement, before the cursor moves, or amid a window")
async def a_relay_dies_at_any_step(run: Run) -> None:
    async with run.writing():
        await run.dies_at(run.one_of("profile", "session"), run.one_of(*RELAY_POINTS), run.random.randint(1, 3))


@row(10, "the search process dies before, amid or after a bulk request")
async def search_dies_around_the_bulk_request(run: Run) -> None:
    points = {"index.sending": run.random.randint(0, 30), "index.sent": 0, "people.handled": 0, "people.committed": 0}
    point = run.one_of(*points)
    async with run.writing():
        await run.dies_at("search", point, run.random.randint(1, 3), points[point])


@row(11, "the analytics process dies before or after its commit, before Kafka is told")
async def analytics_dies_around_the_commit(run: Run) -> None:
    consumer = run.one_of("facts", "directory")
    async with run.writing():
        await run.dies_at(
            "analytics", f"{consumer}.{run.one_of('taken', 'handled', 'committed')}", run.random.randint(1, 3)
        )


@row(12, "a service is told to stop amid a batch")
async def a_service_is_told_to_stop(run: Run) -> None:
    service = run.one_of("profile", "search", "session", "analytics")
    async with run.writing():
        await run.a_moment(2)
        run.system.send(service, signal.SIGTERM)
        run.happened(f"{service} was told to stop")
