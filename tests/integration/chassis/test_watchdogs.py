"""A process whose engines hang or never come, or that is stuck itself: unready, then ended, never silent."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx2
import pytest
from chassis.database import Database
from chassis.kafka import KafkaPublisher
from chassis.relay import ANYTHING_NEW, Relay
from chassis.settings import Settings
from chassis.testing import FakePublisher
from flash_local import loopback
from flash_local.processes import Process

from tests.support.aggregates import TOPIC, a_record, an_event, change, envelopes
from tests.support.proxy import Proxy
from tests.support.runner import Runner, lines
from tests.support.running import running
from tests.support.topics import Topics
from tests.support.troubled_service import PERSONAL
from tests.support.waiting import eventually

SOON: dict[str, Any] = {"stalled_after_ms": 1_000, "restart_after_ms": 3_000}
STOP_TIMEOUT_S = 2
A_LITTLE_S = 6


@pytest.fixture
async def to_kafka(settings: Settings) -> AsyncIterator[Proxy]:
    """The way to the address that clients ask first; the broker then names its own."""
    host, port = settings.kafka_bootstrap.split(":")
    async with Proxy(host, int(port)) as proxy:
        yield proxy


@pytest.fixture
async def to_database(settings: Settings) -> AsyncIterator[Proxy]:
    address = urlsplit(settings.database_url)
    async with Proxy(address.hostname or "", address.port or 0) as proxy:
        yield proxy


def through(proxy: Proxy, url: str) -> str:
    """The same address by way of the proxy."""
    address = urlsplit(url)
    return address._replace(netloc=address.netloc.replace(f":{address.port}", f":{proxy.port}")).geturl()


async def probe(url: str, path: str) -> tuple[int, dict[str, str]]:
    """The status and what is wrong; nothing at all while there is no answer."""
    async with loopback.client(url, timeout=10) as client:
        try:
            answer = await client.get(path)
        except httpx2.TransportError:
            return 0, {}
    return answer.status_code, answer.json()["problems"]


async def wrong(url: str) -> dict[str, str]:
    """What makes the process unready."""
    status, problems = await probe(url, "/ready")
    assert status in (0, 503) or not problems
    return problems


async def ended(process: Process, within_s: float) -> int:
    async with asyncio.timeout(within_s):
        return await process.wait_ended()


async def test_a_round_that_never_ends_ends_the_process_and_the_log_names_it(runner: Runner) -> None:
    status, output = await runner.output_of(module="tests.support.troubled_service", trouble="round", **SOON)
    assert status == 1
    (line,) = lines(output, "component_stuck")
    assert (line["component"], line["level"]) == ("job", "error")
    assert "at one round for" in line["reason"]


async def test_a_blocked_event_loop_ends_the_process_and_the_log_says_where_it_stands(runner: Runner) -> None:
    status, output = await runner.output_of(module="tests.support.troubled_service", trouble="loop", **SOON)
    assert status == 1
    (line,) = lines(output, "event_loop_blocked")
    assert (line["service"], line["level"]) == ("chassis", "error")
    assert "troubled_service.py" in line["frames"][0]
    assert line["frames"][0].endswith("blocks")
    assert PERSONAL not in output


async def test_a_process_in_trouble_goes_on_while_an_engine_does_not_answer(
    runner: Runner, settings: Settings, to_kafka: Proxy
) -> None:
    process, url = await runner.start(
        module="tests.support.troubled_service",
        trouble="round",
        kafka_bootstrap=f"127.0.0.1:{to_kafka.port}",
        stalled_after_ms=5_000,
        restart_after_ms=8_000,
    )
    await process.wait_ready()
    to_kafka.hold()

    async def both_are_named() -> bool:
        return (await wrong(url)).keys() >= {"job", "kafka"} and (await probe(url, "/live"))[0] == 200

    await eventually(both_are_named, deadline_s=15)
    with pytest.raises(TimeoutError):
        await ended(process, 6)
    to_kafka.release()
    assert await ended(process, 20) == 1
    assert [line["component"] for line in lines(process.log_file.read_text(), "component_stuck")] == ["job"]


@pytest.mark.parametrize("half_open", [False, True])
async def test_a_kafka_that_never_comes_leaves_the_process_unready_and_then_ends_it(
    runner: Runner, to_kafka: Proxy, *, half_open: bool
) -> None:
    to_kafka.hold() if half_open else to_kafka.refuse()
    bootstrap = f"127.0.0.1:{to_kafka.port}"
    process, url = await runner.start(
        module="tests.support.troubled_service", kafka_bootstrap=bootstrap, restart_after_ms=12_000
    )

    async def kafka_is_named() -> bool:
        return "kafka" in await wrong(url)

    await eventually(kafka_is_named, deadline_s=30)
    assert await ended(process, 20) == 1
    (line,) = lines(process.log_file.read_text(), "component_failed")
    assert (line["component"], line["exception"][0]["type"]) == ("taker", "KafkaConnectionError")


async def test_a_kafka_that_comes_late_is_waited_for(runner: Runner, to_kafka: Proxy) -> None:
    to_kafka.hold()
    process, url = await runner.start(
        module="tests.support.troubled_service", kafka_bootstrap=f"127.0.0.1:{to_kafka.port}"
    )

    async def kafka_is_named() -> bool:
        return "kafka" in await wrong(url)

    await eventually(kafka_is_named, deadline_s=30)
    to_kafka.release()
    await process.wait_ready()


async def test_a_process_that_waits_for_kafka_stops_when_told(runner: Runner, to_kafka: Proxy) -> None:
    to_kafka.hold()
    process, url = await runner.start(
        module="tests.support.troubled_service", kafka_bootstrap=f"127.0.0.1:{to_kafka.port}"
    )
    await eventually(lambda: wrong(url), deadline_s=30)
    stop = asyncio.create_task(process.stop())
    assert await ended(process, 5) == 0
    await stop


async def test_a_database_that_accepts_and_never_answers_ends_the_start(
    runner: Runner, settings: Settings, to_database: Proxy
) -> None:
    to_database.hold()
    status, output = await runner.output_of(
        database_url=through(to_database, settings.database_url), database_connect_timeout_ms=1_000
    )
    assert status == 1
    (line,) = lines(output, "service_not_started")
    assert line["exception"][0]["type"] == "TimeoutError"


async def test_a_process_stops_in_time_though_its_database_hangs(
    runner: Runner, settings: Settings, to_database: Proxy
) -> None:
    url = through(to_database, settings.database_url)
    process, probes = await runner.start(database_url=url, stop_timeout_s=STOP_TIMEOUT_S)
    await process.wait_ready()
    to_database.hold()
    assert "database" in await wrong(probes)
    asked = time.monotonic()
    stop = asyncio.create_task(process.stop())
    await ended(process, 20)
    assert time.monotonic() - asked < STOP_TIMEOUT_S + A_LITTLE_S
    await stop


async def commit_change(database: Database) -> UUID:
    async with database.transaction() as transaction:
        await change(transaction, aggregate_id := uuid4())
    return aggregate_id


async def nothing_to_publish(database: Database) -> bool:
    async with database.connection() as connection:
        return not await connection.fetchval(ANYTHING_NEW)


def subjects(publisher: FakePublisher) -> list[UUID]:
    return [envelope.subject for envelope in envelopes(publisher.records)]


@pytest.mark.parametrize("own_connection", [False, True])
async def test_a_statement_that_gets_no_answer_is_given_up(
    offline: Settings, to_database: Proxy, *, own_connection: bool
) -> None:
    limits = {"database_command_timeout_ms": 500, "database_acquire_timeout_ms": 500}
    hanging = Database(
        offline.model_copy(update={"database_url": through(to_database, offline.database_url), **limits})
    )
    await hanging.open()
    connection = await hanging.dedicated()
    to_database.hold()
    async with asyncio.timeout(10):
        with pytest.raises(TimeoutError):
            await (connection.execute("SELECT 1") if own_connection else hanging.ping())
        await hanging.close()
    connection.terminate()


async def test_a_leader_that_is_cut_off_is_replaced_and_comes_back_without_moving_the_cursor(
    offline: Settings, database: Database, to_database: Proxy
) -> None:
    impatient = offline.model_copy(update=SOON)
    own = impatient.model_copy(update={"database_url": through(to_database, offline.database_url)})
    leader, heir, cut_off = FakePublisher(), FakePublisher(), Database(own)
    await cut_off.open()
    first = Relay("test", own, leader)
    async with AsyncExitStack() as exits:
        exits.push_async_callback(cut_off.close)
        exits.callback(to_database.release)
        await exits.enter_async_context(running(first, database=cut_off))
        before = await commit_change(database)
        await eventually(lambda: subjects(leader) == [before])
        await eventually(lambda: nothing_to_publish(database))
        to_database.hold()
        await exits.enter_async_context(running(Relay("test", impatient, heir), database=database))
        after = await commit_change(database)
        await eventually(lambda: subjects(heir) == [after], deadline_s=15)
        assert "nothing published" in str(await eventually(first.problem))  # long before its statement is given up
        to_database.release()
        await eventually(lambda: first.problem() is None, deadline_s=20)
        later = await commit_change(database)
        await eventually(lambda: subjects(heir) == [after, later])
    assert subjects(leader) == [before]


async def test_a_sender_task_that_ended_is_replaced_at_the_next_publishing(settings: Settings, topics: Topics) -> None:
    publisher = KafkaPublisher(settings)
    try:
        await publisher.publish([a_record(an_event(uuid4()))])
        assert publisher._producer
        publisher._producer._sender.sender_task.cancel()
        await asyncio.sleep(0)
        async with asyncio.timeout(5):  # and not only after the limit for publishing
            await publisher.publish([a_record(an_event(uuid4()))])
    finally:
        await publisher.close()
    assert len(await topics.read(TOPIC)) == 2
