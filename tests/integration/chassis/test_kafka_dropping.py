"""A producer that is given up leaves nothing behind that could still reach Kafka, after what its successor sent."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka.cluster import ClusterMetadata
from chassis.kafka import KafkaPublisher, PublishFailed
from chassis.settings import Settings

from tests.support.aggregates import TOPIC, a_record, an_event, versions
from tests.support.proxy import Proxy
from tests.support.topics import Topics
from tests.support.waiting import eventually

TIMEOUT_MS = 5_000


@pytest.fixture
async def to_kafka(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    """The only way to Kafka, also to the address that the broker names."""
    host, port = settings.kafka_bootstrap.split(":")
    named = ClusterMetadata.broker_metadata

    def by_the_proxy(cluster: ClusterMetadata, broker_id: int) -> Any:
        broker = named(cluster, broker_id)
        return broker and broker._replace(host="127.0.0.1", port=proxy.port)

    async with Proxy(host, int(port)) as proxy:
        monkeypatch.setattr(ClusterMetadata, "broker_metadata", by_the_proxy)
        yield proxy


@pytest.fixture
async def publisher(settings: Settings, to_kafka: Proxy, topics: Topics) -> KafkaPublisher:
    """Gives up soon, so its topic is known to be there and nobody else is at work."""
    await topics.send(a_record())
    await topics.close()
    by_the_proxy = {"kafka_bootstrap": f"127.0.0.1:{to_kafka.port}", "publish_timeout_ms": TIMEOUT_MS}
    return KafkaPublisher(settings.model_copy(update=by_the_proxy))


async def publish(publisher: KafkaPublisher, aggregate_id: UUID, version: int) -> None:
    await publisher.publish([a_record(an_event(aggregate_id), version)])


async def nothing_is_left(to_kafka: Proxy, tasks: set[asyncio.Task[Any]]) -> None:
    """No task but these; what the line held is lost, and nobody comes to send it again."""
    await to_kafka.cut()
    await eventually(lambda: asyncio.all_tasks() <= tasks)
    assert to_kafka.connections == 0


@pytest.mark.parametrize("connected", [True, False])
async def test_what_timed_out_does_not_arrive_after_what_was_sent_since(
    publisher: KafkaPublisher, to_kafka: Proxy, topics: Topics, connected: bool
) -> None:
    aggregate_id, tasks = uuid4(), asyncio.all_tasks()
    await publish(publisher, aggregate_id, 1)
    to_kafka.hold()
    if not connected:
        await to_kafka.cut()  # it asks anew, and is at that when it is given up
    with pytest.raises(PublishFailed):
        await publish(publisher, aggregate_id, 2)
    await nothing_is_left(to_kafka, tasks)
    to_kafka.mend()
    await publish(publisher, aggregate_id, 3)
    await publisher.close()
    assert versions(await topics.read(TOPIC))[aggregate_id] == [1, 3]


async def test_one_that_is_closed_amid_its_publishing_leaves_nothing_either(
    publisher: KafkaPublisher, to_kafka: Proxy
) -> None:
    aggregate_id, tasks = uuid4(), asyncio.all_tasks()
    await publish(publisher, aggregate_id, 1)
    to_kafka.hold()
    publishing = asyncio.create_task(publish(publisher, aggregate_id, 2))
    await eventually(lambda: publisher._producer and publisher._producer._sender._in_flight)
    publishing.cancel()
    await asyncio.wait([publishing])
    await publisher.close()
    await nothing_is_left(to_kafka, tasks)


async def test_one_that_is_closed_in_order_leaves_nothing(publisher: KafkaPublisher, to_kafka: Proxy) -> None:
    tasks = asyncio.all_tasks()
    await publish(publisher, uuid4(), 1)
    await publisher.close()
    await eventually(lambda: to_kafka.connections == 0)
    await eventually(lambda: asyncio.all_tasks() <= tasks)
