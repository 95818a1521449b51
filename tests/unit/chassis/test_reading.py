"""What a rebalance leaves in the metrics, and how long a consumer waits after it could not read."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.metrics import CONSUMER_LAG
from chassis.reading import Reading
from chassis.settings import Settings
from prometheus_client import REGISTRY

from tests.support.apis import offline_settings


@pytest.mark.parametrize("kept", [[], [TopicPartition("people", 1)]], ids=["nothing", "another partition"])
async def test_who_lost_a_partition_shows_its_lag_no_more(kept: list[TopicPartition]) -> None:
    """Another process has it now, whose own series tells of it; here no further batch of it would ever say 0."""
    name = uuid4().hex
    labels = {"service": "test", "consumer": name, "topic": "people"}
    CONSUMER_LAG.labels(**labels).set(300)
    reading = Reading("test", Consumer(name, ("people",), handled), "", Unreachable(settings()), lambda: None)
    await reading.on_partitions_assigned(kept)
    assert REGISTRY.get_sample_value("flash_consumer_lag_seconds", labels) == 0


async def test_every_partition_may_fail_a_poll_before_the_pauses_grow_and_all_read_is_a_new_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)

    async def spoilt(_: AIOKafkaConsumer) -> tuple[Any, ...]:
        raise CorruptRecordException

    kafka: Any = SimpleNamespace(assignment=lambda: {TopicPartition("people", number) for number in range(3)})
    reading = Reading("test", Consumer("taker", ("people",), handled), "", Unreachable(settings()), lambda: kafka)
    monkeypatch.setattr("chassis.reading.asyncio.sleep", sleep)
    poll = reading.safely(spoilt, least_pause_ms=100, most_pause_ms=250)
    for _ in range(8):
        assert await poll(kafka) == ()
    assert pauses == [0.1] * 3 + [0.2] * 3 + [0.25] * 2
    reading.moved({TopicPartition("people", 1): 7})
    await poll(kafka)
    assert pauses[-1] == 0.1


async def handled(*_: Any) -> None:
    raise AssertionError("nothing is handled here")


def settings() -> Settings:
    return Settings(**offline_settings("postgresql://nowhere"))


class Unreachable(Database):
    """No database answers while partitions are handed out."""

    def connection(self) -> Any:
        raise ConnectionRefusedError
