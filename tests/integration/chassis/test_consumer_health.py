"""How a consumer stops, is braked, and says that it does not get on; and when it must not say so."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from chassis import membership
from chassis.consuming import ConsumerComponent
from chassis.reading import Reading
from chassis.testing import FakePublisher
from structlog.testing import capture_logs

from tests.support.aggregates import TOPIC, a_record, an_event
from tests.support.consumers import DEAD_LETTERS, FailsAtFirst, Kit, event_id, refusing
from tests.support.running import running
from tests.support.waiting import eventually


async def test_too_many_dead_letters_halt_the_consumer_and_a_restart_after_the_mend_loses_nothing(kit: Kit) -> None:
    sent = await kit.send(12, uuid4())
    broken = kit.component(refusing(lambda _: True, ValueError()), dead_letters_consecutive_limit=5)
    stop = await kit.start(broken)
    assert f"too many dead letters from {TOPIC}" in str(await eventually(lambda: broken.halted))
    assert broken.problem() is None  # a restart would only park more
    sent += await kit.send(1)
    parked = [event_id(letter) for letter in await kit.parked()]
    assert parked == sent[:5]
    assert await kit.handled() == []
    stop.set()
    await kit.start(kit.component(dead_letters_consecutive_limit=5))
    await kit.all_handled(sent[5:])


async def test_a_consumer_that_stops_says_how_many_records_were_bad_and_which_was_the_first(kit: Kit) -> None:
    await kit.send(2, subject := uuid4())
    await kit.topics.send(*(a_record(an_event(subject), type="flash.unheard.of.v9") for _ in range(6)))
    broken = kit.component(dead_letters_consecutive_limit=5)
    with capture_logs() as logged:
        await kit.start(broken)
        said = str(await eventually(lambda: broken.halted))
    place = (await kit.topics.read(TOPIC))[0].partition
    assert f"6 at once, the first at {TOPIC}/{place}/2: unknown event type; mend" in said
    (stopped,) = [line for line in logged if line["event"] == "consumer_stopped"]
    assert (stopped["reason"], stopped["count"]) == (said, 6)
    assert (stopped["topic"], stopped["partition"], stopped["offset"]) == (TOPIC, place, 2)


async def test_bad_records_spread_among_good_ones_are_not_so_many_in_a_row(kit: Kit) -> None:
    subject = uuid4()
    events = [an_event(subject) for _ in range(40)]
    kinds = [events[0].TYPE, "flash.unheard.of.v9"] * 20
    mixed = [a_record(event, type=kind) for event, kind in zip(events, kinds, strict=True)]
    await kit.topics.send(*mixed)
    component = kit.component(dead_letters_consecutive_limit=1)
    await kit.start(component)
    await kit.all_handled([event_id(record) for record in mixed[::2]])
    assert len(await kit.parked()) == 20
    assert component.halted is None


async def test_dead_letters_that_cannot_be_sent_hold_the_position_and_do_not_count_for_the_brake(kit: Kit) -> None:
    publisher = FakePublisher(failures=10)
    await kit.topics.send(a_record(type="flash.unheard.of.v9"))
    sent = await kit.send(3)
    component = kit.component(publisher=publisher, dead_letters_consecutive_limit=2, dead_letters_window_limit=2)
    await kit.start(component)
    await kit.all_handled(sent)
    assert publisher.failures == 0
    assert [letter.topic for letter in publisher.records] == [DEAD_LETTERS]
    assert component.halted is None


async def test_a_batch_at_work_is_finished_before_the_consumer_stops(kit: Kit) -> None:
    held = kit.holding()
    sent = await kit.send(5, uuid4())
    async with running(kit.component(held), database=kit.database) as stopping:
        await held.asked.wait()
        stopping.set()
        held.released.set()
    assert await kit.handled() == sent
    assert list((await kit.positions()).values()) == [5]


async def test_a_consumer_that_gets_nowhere_with_events_waiting_says_so(kit: Kit) -> None:
    handler = FailsAtFirst(10_000, ConnectionError())
    component = kit.component(handler, stalled_after_ms=1)
    await kit.start(component)
    sent = await kit.send(1)
    assert "nothing was handled" in str(await eventually(component.problem))
    handler.left = 0
    await kit.all_handled(sent)
    await eventually(lambda: component.problem() is None)


def knows_the_end_of_both_partitions(component: ConsumerComponent) -> bool:
    kafka: Any = component._subscriber and component._subscriber.consumer
    return bool(kafka) and sum(kafka.highwater(place) is not None for place in kafka.assignment()) == 2


async def test_a_consumer_that_restarts_with_nothing_to_do_is_healthy(kit: Kit) -> None:
    stop = await kit.start(kit.component())
    await kit.all_handled(await kit.send(10))
    stop.set()
    idle = kit.component(stalled_after_ms=0)
    await kit.start(idle)
    await eventually(lambda: knows_the_end_of_both_partitions(idle))
    assert idle.problem() is None


async def test_an_event_after_a_long_silence_is_no_reason_to_restart(kit: Kit) -> None:
    held = kit.holding()
    component = kit.component(held, stalled_after_ms=300)
    held.released.set()
    await kit.start(component)
    subject = uuid4()
    sent = await kit.send(1, subject)
    await kit.all_handled(sent)
    held.hold()
    await eventually(lambda: time.monotonic() - component._progressed_at > 0.3)
    sent += await kit.send(1, subject)
    await held.asked.wait()
    assert component.problem() is None
    assert "nothing was handled" in str(await eventually(component.problem))
    held.released.set()
    await kit.all_handled(sent)


async def test_a_consumer_whose_task_ended_says_so(kit: Kit) -> None:
    component = kit.component()
    await kit.start(component)
    (task,) = await eventually(lambda: list(component._subscriber.tasks) if component._subscriber else [])
    task.cancel()
    assert await eventually(component.problem) == "the consuming task has ended"


async def test_a_consumer_whose_fetching_ended_says_so(kit: Kit) -> None:
    component = kit.component()
    await kit.start(component)
    await kit.all_handled(await kit.send(1))
    component._kafka()._fetcher._fetch_task.cancel()
    assert await eventually(component.problem) == "the task for fetching has ended"


async def test_a_consumer_that_never_gets_into_its_group_says_so(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    released = asyncio.Event()

    async def hangs(*_: object) -> None:
        await released.wait()

    monkeypatch.setattr(Reading, "on_partitions_revoked", hangs)
    monkeypatch.setattr("chassis.consuming.JOIN_LIMIT_S", 1.0)
    component = kit.component(stalled_after_ms=500)
    await kit.start(component)
    assert "joining its group" in str(await eventually(lambda: component.joining))
    assert "joining its group" in str(await eventually(component.problem))
    released.set()
    await eventually(lambda: component.joining is None and component.problem() is None)
    await kit.all_handled(await kit.send(1))


async def test_a_consumer_that_nobody_polls_says_so(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    component = kit.component(stalled_after_ms=500)
    await kit.start(component)
    await kit.all_handled(await kit.send(1))
    await eventually(lambda: time.monotonic() - component._progressed_at > 1)
    assert component.problem() is None  # there is nothing to do
    original, released = AIOKafkaConsumer.getmany, asyncio.Event()

    async def hangs(*arguments: Any, **options: Any) -> Any:
        await released.wait()
        return await original(*arguments, **options)

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", hangs)
    assert "did not poll" in str(await eventually(component.problem))
    released.set()
    await eventually(lambda: component.problem() is None)


def test_a_rebalance_may_last_as_long_as_the_group_waits() -> None:
    assert membership.JOIN_LIMIT_S * 1000 > membership.REBALANCE_TIMEOUT_MS
