"""What a rebalance leaves in the metrics."""

from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
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


async def handled(*_: Any) -> None:
    raise AssertionError("nothing is handled here")


def settings() -> Settings:
    return Settings(**offline_settings("postgresql://nowhere"))


class Unreachable(Database):
    """No database answers while partitions are handed out."""

    def connection(self) -> Any:
        raise ConnectionRefusedError
