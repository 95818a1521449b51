"""The lag that a consumer shows: how old what it handles is, for as long as more is waiting."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from chassis.accounting import account
from chassis.consumer import Delivery, Invalid, Item, Origin
from chassis.envelope import Envelope
from prometheus_client import REGISTRY

from tests.support.aggregates import an_event

AGE_S = 90


def a_delivery(topic: str) -> Delivery:
    event = an_event()
    happened = datetime.now(UTC) - timedelta(seconds=AGE_S)
    envelope = Envelope(uuid4(), event.TYPE, "/services/test", event.aggregate_id, happened, 1)
    return Delivery(envelope, event, Origin(topic, 0, 0))


class Consumer:
    """Accounts for batches of one consumer and reads its gauge."""

    def __init__(self) -> None:
        self._name = f"consumer-{uuid4().hex}"

    def handled(self, *items: Item, waiting: Collection[str] = ()) -> None:
        account("test", self._name, items, read={item.origin.topic for item in items}, waiting=waiting)

    def lag_s(self, topic: str) -> float | None:
        labels = {"service": "test", "consumer": self._name, "topic": topic}
        return REGISTRY.get_sample_value("flash_consumer_lag_seconds", labels)


def test_a_consumer_lags_by_the_age_of_what_it_handled_while_more_is_waiting() -> None:
    consumer = Consumer()
    consumer.handled(a_delivery("people"), waiting={"people"})
    assert consumer.lag_s("people") == pytest.approx(AGE_S, abs=30)


def test_a_topic_that_is_read_to_its_end_does_not_lag_though_another_does() -> None:
    consumer = Consumer()
    consumer.handled(a_delivery("people"), a_delivery("programs"), waiting={"people"})
    assert consumer.lag_s("people") == pytest.approx(AGE_S, abs=30)
    assert consumer.lag_s("programs") == 0


def test_a_topic_whose_last_record_is_parked_does_not_lag_any_more() -> None:
    consumer = Consumer()
    consumer.handled(a_delivery("people"), waiting={"people"})
    consumer.handled(Invalid("payload", Origin("people", 0, 1)))
    assert consumer.lag_s("people") == 0
