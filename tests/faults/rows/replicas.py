"""Rows in which one of three brokers fails, and the others go on."""

import asyncio
import time

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from flash_local.engines import kafka

from tests.faults.load import Pace
from tests.faults.run import Run, row
from tests.faults.system import Platform
from tests.faults.watch import POSITIONS, rows, settle
from tests.support.waiting import eventually

REPLICATED = Platform(brokers=3)
KILLS = 5
LED_WITHIN_S = 60
WHOLE_WITHIN_S = 90
DOWN_S = 60
WITHOUT_IT_WITHIN_S = 30


@row(18, "who leads a partition is killed, then who took over, five times in a row", platform=REPLICATED, fast=False)
async def the_leader_is_killed_again_and_again(run: Run) -> None:
    topic = run.one_of("profile-events", "session-events", "message-events")
    place = run.one_of(*sorted(place for place in await run.lab.topics.replicas() if place.topic == topic))
    leader = -1
    async with run.writing(Pace(pushes=30, messages=90, asks=15, seconds=25)):
        for _ in range(KILLS):
            leader = await _next_leader(run, place, leader)
            await run.a_moment()
            await run.killed(kafka.name_of(leader))
    await _whole(run)


async def _next_leader(run: Run, place: TopicPartition, before: int) -> int:
    """Who leads now, another than before, and takes records: one more has all of them."""

    async def leads() -> int:
        try:
            now = (await run.lab.topics.replicas())[place]
        except KafkaError:
            return 0
        return now.leader if now.leader not in (-1, before) and len(now.isr) > 1 else 0

    return await eventually(leads, LED_WITHIN_S)


@row(19, "the broker that coordinates a consumer's group is gone for a minute", platform=REPLICATED, fast=False)
async def the_coordinator_is_away(run: Run) -> None:
    service = run.one_of("search", "session", "analytics")
    consumer = run.one_of(*sorted({consumer for consumer, *_ in await rows(run.system, service, POSITIONS)}))
    name = kafka.name_of(await _coordinator(run, f"{service}.{consumer}"))
    async with run.writing():
        await run.a_moment()
        await run.system.take_down(name)
        began = time.monotonic()
    await settle(run.system, run.lab.topics, WITHOUT_IT_WITHIN_S)
    await asyncio.sleep(DOWN_S - (time.monotonic() - began))
    run.system.bring_up(name)
    run.happened(f"{name}, which coordinated {service}.{consumer}, was away for {DOWN_S} s")
    await _whole(run)


async def _coordinator(run: Run, group: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=run.system.engine_url("kafka"))
    await admin.start()
    try:
        number: int = await admin.find_coordinator(group)
        return number
    finally:
        await admin.close()


async def _whole(run: Run) -> None:
    """Return when every broker has everything again."""

    async def all_have_all() -> bool:
        try:
            partitions = await run.lab.topics.replicas()
        except KafkaError:
            return False
        return all(len(now.isr) == REPLICATED.brokers and now.leader != -1 for now in partitions.values())

    await eventually(all_have_all, WHOLE_WITHIN_S)
