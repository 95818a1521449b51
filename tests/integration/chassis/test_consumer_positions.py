"""Where a consumer reads on: its positions live in Postgres, whatever Kafka and other processes believe."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from chassis.consuming import ConsumerComponent
from chassis.positions import PositionLost, Positions
from chassis.settings import Settings
from flash_local.databases import DatabaseUrls
from flash_local.topics import create_topics, delete_topics
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.support.aggregates import TOPIC
from tests.support.consumers import FailsAtFirst, Kit
from tests.support.waiting import eventually

SAME_TRANSACTION = """
SELECT handled.xmin::text = position.xmin::text FROM consumer_offset AS position, handled
WHERE position.next_offset = $1 ORDER BY handled.position DESC LIMIT 1
"""


async def test_the_position_moves_in_the_transaction_of_the_effect(kit: Kit) -> None:
    await kit.start(kit.component())
    sent = await kit.send(3, uuid4())
    await kit.all_handled(sent)
    assert list((await kit.positions()).values()) == [3]
    async with kit.database.connection() as connection:
        assert await connection.fetchval(SAME_TRANSACTION, 3)


async def test_of_two_that_read_the_same_partitions_each_event_is_handled_by_one(kit: Kit) -> None:
    for service in ("one", "two"):  # in groups of their own, so that Kafka keeps them apart no more
        await kit.start(kit.component(service=service, consumer_batch_records=5))
    sent = [sent for _ in range(10) for sent in await kit.send(20)]
    await kit.all_handled(sent)
    assert await kit.parked() == []


async def test_who_was_overtaken_while_at_work_writes_nothing(kit: Kit) -> None:
    held = kit.holding()
    sent = await kit.send(5, uuid4())
    await kit.start(kit.component(held, service="overtaken"))
    await held.asked.wait()
    stop = await kit.start(kit.component(service="owner"))
    await kit.all_handled(sent)
    stop.set()
    held.released.set()
    sent += await kit.send(1)
    await kit.all_handled(sent)
    assert await kit.parked() == []


async def test_a_rebalance_while_a_batch_is_at_work_parks_nothing_and_repeats_nothing(kit: Kit) -> None:
    held = kit.holding()
    sent = await kit.send(5, uuid4())
    component = kit.component(held)
    await kit.start(component)
    await held.asked.wait()
    await component._reading.on_partitions_revoked([])
    held.released.set()
    await kit.all_handled(sent)
    assert await kit.parked() == []


async def test_a_group_that_grows_and_shrinks_under_load_handles_everything_once(kit: Kit) -> None:
    await kit.start(kit.component(consumer_batch_records=5))
    sent = await kit.send(50)
    for _ in range(3):
        joined = await kit.start(kit.component(consumer_batch_records=5))
        sent += await kit.send(50)
        await kit.all_handled(sent)
        joined.set()
    sent += await kit.send(50)
    await kit.all_handled(sent)
    assert await kit.parked() == []


async def test_a_first_position_never_overwrites_one_that_another_has_moved(kit: Kit) -> None:
    place = TopicPartition("anything", 0)
    slow, fast = Positions("taker"), Positions("taker")
    async with kit.database.transaction() as transaction:
        assert await slow.load(transaction, place) is None
        await fast.reset(transaction, place, 0, stored=None)
        fast.believe({place: 0})
        await fast.move(transaction, {place: 10})
    with pytest.raises(PositionLost):
        async with kit.database.transaction() as transaction:
            await slow.reset(transaction, place, 0, stored=None)
    assert await kit.positions() == {0: 10}


async def test_a_restart_goes_on_from_the_position_in_postgres_when_kafka_knows_none(kit: Kit) -> None:
    stop = await kit.start(kit.component(service="before"))
    sent = await kit.send(10)
    await kit.all_handled(sent)
    stop.set()
    sent += await kit.send(10)
    await kit.start(kit.component(service="after"))  # a new group: no offsets in Kafka
    await kit.all_handled(sent)


@pytest.mark.parametrize("stored", [None, 4])
async def test_the_position_in_postgres_wins_over_a_later_one_in_kafka_though_nothing_new_comes(
    kit: Kit, settings: Settings, stored: int | None
) -> None:
    sent = await kit.send(10, uuid4())
    if stored:
        where = TopicPartition(settings.topic_prefix + TOPIC, (await kit.topics.read(TOPIC))[0].partition)
        async with kit.database.transaction() as transaction:
            await Positions("taker").reset(transaction, where, stored, stored=None)
    await kit.topics.commit_as("test.taker", TOPIC)
    await kit.start(kit.component())
    await kit.all_handled(sent[stored or 0 :])


async def test_a_position_outside_the_topic_starts_it_over(kit: Kit, settings: Settings) -> None:
    sent = await kit.send(6)
    async with kit.database.transaction() as transaction:
        for number in range(2):
            place = TopicPartition(settings.topic_prefix + TOPIC, number)
            await Positions("taker").reset(transaction, place, 1_000, stored=None)
    service = uuid4().hex
    await kit.start(kit.component(service=service))
    await kit.all_handled(sent)
    labels = {"service": service, "consumer": "taker", "topic": TOPIC}  # as all series name it, without the prefix
    assert REGISTRY.get_sample_value("flash_consumer_offset_resets_total", labels)


async def test_a_topic_made_anew_under_a_consumer_is_read_from_its_beginning(kit: Kit, settings: Settings) -> None:
    await kit.start(kit.component())
    sent = await kit.send(10, subject := uuid4())
    await kit.all_handled(sent)
    await delete_topics(settings.kafka_bootstrap, settings.topic_prefix)
    await eventually(lambda: recreated(settings))
    await kit.topics.close()  # its producer knows the former topic's leader
    for _ in range(2):
        sent += await kit.send(2, subject)
        await kit.all_handled(sent)
    assert list((await kit.positions()).values()) == [4]


async def test_a_topic_made_anew_between_two_looks_is_read_from_its_beginning(kit: Kit, settings: Settings) -> None:
    """What the consumer believes and what is stored lie beyond the end, and it never saw the topic missing."""
    component = kit.component(position_check_interval_ms=3_600_000)
    await kit.start(component)
    sent = await kit.send(10, subject := uuid4())
    await kit.all_handled(sent)
    place = TopicPartition(settings.topic_prefix + TOPIC, next(iter(await kit.positions())))
    await move_all(kit, "UPDATE consumer_offset SET next_offset = 1000")
    component._reading.positions.believe({place: 1_000})
    later = await kit.send(2, subject)
    await kit.all_handled([*sent, *sent, *later])


async def recreated(settings: Settings) -> bool:
    """Made anew once the former one is gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        gone = settings.topic_prefix + TOPIC not in await admin.list_topics()
    finally:
        await admin.close()
    if gone:
        await create_topics(settings.kafka_bootstrap, settings.topic_prefix, partitions=2)
    return gone


async def move_all(kit: Kit, statement: str) -> None:
    """As an operator or a restored backup does it: behind the consumer's back."""
    async with kit.database.transaction() as transaction:
        await transaction.execute(statement)


@pytest.mark.parametrize(
    ("statement", "again"),
    [
        ("UPDATE consumer_offset SET next_offset = 4", slice(4, None)),
        ("UPDATE consumer_offset SET next_offset = 0", slice(None)),
        ("DELETE FROM consumer_offset", slice(None)),
    ],
    ids=["back by some", "back to the beginning", "forgotten"],
)
async def test_a_position_moved_behind_its_back_is_followed_though_nothing_new_comes(
    kit: Kit, statement: str, again: slice
) -> None:
    await kit.start(kit.component(position_check_interval_ms=50))
    sent = await kit.send(10, uuid4())
    await kit.all_handled(sent)
    await move_all(kit, statement)
    await kit.all_handled(sent + sent[again])
    assert list((await kit.positions()).values()) == [10]


async def test_a_position_moved_before_anything_came_is_followed(kit: Kit) -> None:
    stop = await kit.start(kit.component())
    sent = await kit.send(10, uuid4())
    await kit.all_handled(sent)
    stop.set()
    idle = kit.component(position_check_interval_ms=50)
    await kit.start(idle)
    await eventually(lambda: stands_at_the_end(idle))
    await move_all(kit, "UPDATE consumer_offset SET next_offset = 7")
    await kit.all_handled(sent + sent[7:])


async def stands_at_the_end(component: ConsumerComponent) -> bool:
    kafka: Any = component._subscriber and component._subscriber.consumer
    return bool(kafka) and 10 in [await kafka.position(place) for place in kafka.assignment()]


async def test_a_position_moved_forward_skips_what_lies_between(kit: Kit) -> None:
    """So an operator can pass over what nobody wants; the batch that is put back meanwhile is given up."""
    handler = FailsAtFirst(1_000_000, ConnectionError())
    await kit.start(kit.component(handler, position_check_interval_ms=50))
    await kit.send(5, subject := uuid4())
    await eventually(lambda: handler.left < 1_000_000)
    place = (await kit.topics.read(TOPIC))[0].partition
    async with kit.database.transaction() as transaction:
        where = TopicPartition(kit.settings.topic_prefix + TOPIC, place)
        await Positions("taker").reset(transaction, where, 5, stored=0)
    handler.left = 0
    await kit.all_handled(await kit.send(2, subject))


async def test_a_check_that_fails_is_made_again(kit: Kit, chassis_database: DatabaseUrls) -> None:
    await kit.start(kit.component(position_check_interval_ms=20))
    sent = await kit.send(3, uuid4())
    await kit.all_handled(sent)
    owner = await asyncpg.connect(chassis_database.owner)
    await owner.execute("ALTER TABLE consumer_offset RENAME TO being_restored")
    with capture_logs() as logged:
        await eventually(lambda: "position_not_checked" in [line["event"] for line in logged])
    await owner.execute("ALTER TABLE being_restored RENAME TO consumer_offset")
    await owner.execute("UPDATE consumer_offset SET next_offset = 0")
    await owner.close()
    await kit.all_handled(sent + sent)
