"""Rows in which Kafka, PostgreSQL or the line to them fails."""

import asyncio
import os
import signal
from datetime import datetime
from statistics import median
from typing import Any

import asyncpg
import psutil
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from flash_schemas.topics import load_topics

from tests.faults.load import Pace
from tests.faults.run import SEEDS_SLOW, Run, row
from tests.faults.system import SERVICES
from tests.faults.watch import POSITIONS, UNPUBLISHED, Topics, number, rows, settle

DOWN_S = (20, 60, 300)
TOO_SMALL_BYTES = "300"
DRAINED_WITHIN_S = 1_800
BURST = Pace(pushes=260, people=2_000, messages=8, asks=4, seconds=60, kinds=(98, 0, 0, 2))


@row(17, "the broker is stopped or killed, and back within seconds")
async def the_broker_is_restarted(run: Run) -> None:
    number_of = run.one_of(signal.SIGKILL, signal.SIGTERM)
    async with run.writing():
        await run.a_moment()
        await run.system.take_down("kafka", number_of)
        await run.a_moment(4)
        run.system.bring_up("kafka")
        run.happened(f"the broker got {number_of.name}")


@row(20, "the broker is away for long, and a service is started meanwhile", fast=False, settles_within_s=180)
async def the_broker_is_away(run: Run) -> None:
    away_s = DOWN_S[(run.seed - 1) % len(DOWN_S)]
    async with run.writing():
        await run.system.take_down("kafka")
        await run.system.kill(run.one_of(*SERVICES))
        await asyncio.sleep(away_s)
        run.system.bring_up("kafka")
        run.happened(f"the broker was away for {away_s} s")


@row(22, "the broker refuses batches as too large for a while: the producer must recover")
async def the_broker_refuses_batches(run: Run) -> None:
    topic = run.one_of("profile-events", "session-events", "message-events")
    async with run.writing():
        await run.a_moment()
        async with limited(run, topic):
            await run.a_moment(4)
        run.happened(f"{topic} took nothing larger than {TOO_SMALL_BYTES} bytes")


class limited:  # noqa: N801 - used like a function
    """A topic takes nothing larger than a few bytes while the block runs."""

    def __init__(self, run: Run, topic: str) -> None:
        self._run, self._topic = run, topic
        by_name = {name: t.max_message_bytes for t in load_topics() for name in (t.name, t.dead_letter)}
        self._usual = str(by_name[topic] + (64 * 1024 if topic.endswith("-dlq") else 0))

    async def __aenter__(self) -> None:
        await set_topic(self._run, self._topic, "max.message.bytes", TOO_SMALL_BYTES)

    async def __aexit__(self, *_: object) -> None:
        await set_topic(self._run, self._topic, "max.message.bytes", self._usual)


async def set_topic(run: Run, topic: str, name: str, value: str) -> None:
    """Change one setting of a topic. The call replaces all settings, so the others are read first."""
    admin = AIOKafkaAdminClient(bootstrap_servers=run.system.engine_url("kafka"))
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        ((*_, entries),) = answer.resources
        kept = {entry[0]: entry[1] for entry in entries if entry[3] == 1}  # 1: set on the topic itself
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs={**kept, name: value})
        await admin.alter_configs([resource])
    finally:
        await admin.close()


@row(23, "Kafka believes other positions than the consumers' own")
async def kafka_believes_other_positions(run: Run) -> None:
    service = run.one_of("search", "session", "analytics")
    to_the_end = run.one_of(True, False)
    async with run.writing():
        await run.a_moment()
        await run.system.take_down(service, signal.SIGTERM)
        await _mislead(run, service, to_the_end=to_the_end)
        run.system.bring_up(service)
        run.happened(f"the groups of {service} were set to the {'end' if to_the_end else 'beginning'}")


async def _mislead(run: Run, service: str, *, to_the_end: bool) -> None:
    read = {(consumer, topic) for consumer, topic, *_ in await rows(run.system, service, POSITIONS)}
    for consumer in {consumer for consumer, _ in read}:
        kafka = AIOKafkaConsumer(
            bootstrap_servers=run.system.engine_url("kafka"), group_id=f"{service}.{consumer}", enable_auto_commit=False
        )
        await kafka.start()
        try:
            ends = await run.lab.topics.ends()
            places = {place: end for place, end in ends.items() if (consumer, place.topic) in read}
            kafka.assign(list(places))
            await kafka.commit({place: end if to_the_end else 0 for place, end in places.items()})
        finally:
            await kafka.stop()


@row(24, "PostgreSQL is stopped at once, or one of its backends is killed")
async def the_database_crashes(run: Run) -> None:
    async with run.writing():
        await run.a_moment()
        if run.one_of(True, False):
            await run.system.take_down("postgres", signal.SIGQUIT)
            await run.a_moment(2)
            run.system.bring_up("postgres")
            run.happened("PostgreSQL was stopped at once")
        else:
            postmaster = psutil.Process(run.system.process("postgres").pid)
            backends = [child.pid for child in postmaster.children() if "127.0.0.1" in " ".join(child.cmdline())]
            os.kill(run.random.choice(backends), signal.SIGKILL)
            run.happened("a backend of PostgreSQL was killed")


@row(25, "a foreign session holds locks that services wait for")
async def a_foreign_session_holds_locks(run: Run) -> None:
    service, table = run.one_of(("session", "availability"), ("search", "person"), ("analytics", "message_fact"))
    async with run.writing():
        await run.a_moment()
        connection = await asyncpg.connect(f"{run.system.engine_url('postgres')}/{service}")
        try:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
                await asyncio.sleep(run.one_of(3, 11))  # beyond the services' lock timeout, or not
        finally:
            await connection.close()
        run.happened(f"{table} of {service} was locked")


@row(6, "a foreign transaction stays open for minutes: the relay goes on at its usual pace", fast=False, seeds=2)
async def a_foreign_transaction_stays_open(run: Run) -> None:
    connection = await asyncpg.connect(f"{run.system.engine_url('postgres')}/profile")
    try:
        usual_s = await _relayed_after_s(run, Pace(pushes=60, people=20, messages=60, asks=8, seconds=30))
        async with connection.transaction():
            await connection.execute("CREATE TABLE foreign_work (id int); INSERT INTO foreign_work VALUES (1)")
            behind_s = await _relayed_after_s(run, Pace(pushes=600, people=20, messages=600, asks=8, seconds=300))
            await connection.execute("DROP TABLE foreign_work")
        run.happened(f"for five minutes; relayed after {behind_s * 1000:.0f} ms, else after {usual_s * 1000:.0f} ms")
        assert behind_s <= 2 * usual_s, f"relayed after {behind_s:.3f} s instead of {usual_s:.3f} s"
    finally:
        await connection.close()


async def _relayed_after_s(run: Run, pace: Pace) -> float:
    """The median time from a fact to its record in Kafka, over all that the writers cause now."""
    reader = Topics(run.system.engine_url("kafka"))
    await reader.open()
    try:
        await reader.read_on()
        async with run.writing(pace):
            pass
        await settle(run.system, run.lab.topics, 60)
        records = [record for record in await reader.read_on() if record.topic == "profile-events"]
    finally:
        await reader.close()
    return median(_relayed_s(record) for record in records)


def _relayed_s(record: Any) -> float:
    happened_at = datetime.fromisoformat(dict(record.headers)["ce_time"].decode())
    published_at: float = record.timestamp / 1000
    return published_at - happened_at.timestamp()


@row(7, "many write at once, with refusals and rollbacks among them, to a database that answers late")
async def many_write_at_once(run: Run) -> None:
    proxy = run.system.proxies["postgres"]
    async with run.writing(Pace(pushes=16, people=60, messages=60, asks=20, seconds=4)):
        for _ in range(12):
            proxy.delay_ms = run.random.uniform(0, 40)
            await run.a_moment(0.5)
        proxy.mend()
        run.happened("the database answered up to 40 ms late")


@row(9, "the relay is off for longer than its outbox turns: nothing unpublished is dropped", seeds=SEEDS_SLOW)
async def the_outbox_turns_while_nothing_is_published(run: Run) -> None:
    service = run.one_of("profile", "session")
    await run.system.take_down("kafka")
    async with run.writing(Pace(pushes=3, seconds=2)):
        pass
    await rows(
        run.system, service, "UPDATE outbox SET slot = ((extract(epoch FROM now())::bigint / 86400 + 1) % 3)::int"
    )
    kept = await number(run.system, service, UNPUBLISHED)
    await asyncio.sleep(7)  # longer than housekeeping waits between two rounds
    left = await number(run.system, service, UNPUBLISHED)
    run.system.bring_up("kafka")
    run.happened(f"{kept} events of {service} were due to be dropped, unpublished")
    assert kept == left > 0, f"{kept} were unpublished, {left} are left"


@row(
    8,
    "half a million events wait in the outbox, then the broker is back",
    fast=False,
    settles_within_s=DRAINED_WITHIN_S,
)
async def a_burst_waits_in_the_outbox(run: Run) -> None:
    await run.system.take_down("kafka")
    async with run.writing(BURST):
        pass
    waiting, process = await number(run.system, "profile", UNPUBLISHED), run.system.process("profile")
    run.system.bring_up("kafka")
    run.happened(f"{waiting} events waited while the broker was away")
    await settle(run.system, run.lab.topics, DRAINED_WITHIN_S)
    assert run.system.process("profile") is process, "a relay that drained its backlog was taken for one that is stuck"
