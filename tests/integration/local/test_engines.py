"""Real engines under the supervisor: killed with -9 they return, with everything they had acknowledged."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import asyncpg
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from flash_local import loopback
from flash_local.engines import every
from flash_local.engines.alone import ADDRESSES_FILE
from flash_local.installation import Installation
from flash_local.processes import Process
from flash_local.topics import create_topics

from tests.support.waiting import eventually

RESTARTED_WITHIN_S = 60


async def kill_and_wait(here: Installation, name: str) -> None:
    """End an engine as a crash would, and wait until the supervisor has it running again."""
    first = here.supervisor.running[name]
    os.kill(first.pid, signal.SIGKILL)

    async def back() -> bool:
        again = here.supervisor.running[name]
        return again is not first and await again.program.ready()

    await eventually(back, RESTARTED_WITHIN_S)


async def test_postgres_keeps_what_it_committed(here: Installation) -> None:
    url = every.addresses(here).postgres_url
    await every.start_postgres(here)
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
    await kill_and_wait(here, "postgres")
    connection.terminate()
    again = await asyncpg.connect(url)
    assert await again.fetchval("SELECT n FROM kept") == 1
    await again.close()


async def test_postgres_does_not_run_as_root(here: Installation) -> None:
    await every.start_postgres(here)
    server = psutil.Process(here.supervisor.running["postgres"].pid)
    assert server.uids().real != 0
    assert server.uids().effective != 0


async def test_kafka_keeps_what_it_acknowledged(here: Installation) -> None:
    bootstrap = every.addresses(here).kafka_bootstrap
    await every.start_kafka(here)
    await create_topics(bootstrap)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer:
        for number in range(20):
            await producer.send_and_wait("session-events", b"%d" % number, partition=0)
    await kill_and_wait(here, "kafka")
    await create_topics(bootstrap)  # waits for an answer, and finds them all there
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition("session-events", 0)])
        assert [(await consumer.getone()).value for _ in range(20)] == [b"%d" % number for number in range(20)]


async def test_a_cluster_keeps_what_it_acknowledged_whichever_broker_dies(here: Installation) -> None:
    cluster, names = replace(here, brokers=3), ("kafka", "kafka-2", "kafka-3")
    bootstrap = every.addresses(cluster).kafka_bootstrap
    await every.start_kafka(cluster)
    await create_topics(bootstrap, replicas=3)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all") as producer:
        for name in names:
            await producer.send_and_wait("session-events", name.encode(), partition=0)
            await kill_and_wait(here, name)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition("session-events", 0)])
        assert [(await consumer.getone()).value.decode() for _ in names] == list(names)


async def test_opensearch_keeps_what_it_acknowledged(here: Installation) -> None:
    url = every.addresses(here).opensearch_url
    await every.start_opensearch(here)
    async with loopback.client(url) as client:
        (await client.put("/kept")).raise_for_status()
        for number in range(20):
            (await client.put(f"/kept/_doc/{number}", json={"n": number})).raise_for_status()
        await kill_and_wait(here, "opensearch")
        await client.post("/kept/_refresh")
        assert (await client.get("/kept/_count")).json()["count"] == 20


async def test_a_second_start_finds_the_data_of_the_first(here: Installation) -> None:
    await every.start_postgres(here)
    connection = await asyncpg.connect(every.addresses(here).postgres_url)
    await connection.execute("CREATE TABLE kept (n int)")
    await connection.close()
    await here.supervisor.stop()
    second = Installation.open(here.home, here.console)
    try:
        await every.start_postgres(second)
        connection = await asyncpg.connect(every.addresses(second).postgres_url)
        assert await connection.fetchval("SELECT count(*) FROM kept") == 0
        await connection.close()
    finally:
        await second.supervisor.stop()


async def test_an_ended_installation_has_no_process(here: Installation) -> None:
    await every.start_postgres(here)
    process: Process = here.supervisor.running["postgres"]
    await here.supervisor.stop()
    assert process.status == 0
    assert not here.home.processes_file.exists()


async def test_engines_for_tests_end_with_the_process_that_wanted_them(folder: Path) -> None:
    wanting = await asyncio.create_subprocess_exec("sleep", "600")
    keeper = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "flash_local.cli", "engines", str(folder), "--wanted-by", str(wanting.pid)]
    )
    await eventually((folder / ADDRESSES_FILE).exists, RESTARTED_WITHIN_S)
    started = psutil.Process(keeper.pid).children()
    assert len(started) == 3
    wanting.kill()
    await wanting.wait()
    assert await keeper.wait() == 0
    assert not any(process.is_running() for process in started)
