"""From Kafka to a handler: every event has its effect once, and one that cannot have it stops no other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from chassis.consumer import Delivery, Poison
from chassis.database import Transaction
from chassis.kafka import Record
from flash_schemas.profile import ProgramChangedV1

from tests.support.aggregates import TOPIC, a_record, an_event
from tests.support.consumers import FailsAtFirst, Kit, consumed, event_id, header, refusing, take
from tests.support.waiting import eventually


async def test_every_event_has_its_effect_once_and_in_its_aggregates_order(kit: Kit) -> None:
    one, other = uuid4(), uuid4()
    first = await kit.send(20, one)
    await kit.start(kit.component(consumer_batch_records=7))
    others = await kit.send(20, other)
    await kit.all_handled(first + others)
    in_order = await kit.handled()
    assert [found for found in in_order if found in first] == first
    assert [found for found in in_order if found in others] == others
    assert await kit.parked() == []


async def test_several_brokers_may_be_named_and_one_of_them_be_away(kit: Kit) -> None:
    sent = await kit.send(3)
    await kit.start(kit.component(kafka_bootstrap=f"127.0.0.1:1,{kit.settings.kafka_bootstrap}"))
    await kit.all_handled(sent)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("secret of Ada"), "handler failed: ValueError"),
        (asyncpg.UniqueViolationError("Key (name)=(Ada)"), "handler failed: UniqueViolationError"),
        (Poison("no such program"), "refused: no such program"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_an_event_that_can_never_be_handled_is_parked_and_its_neighbours_are_done(
    kit: Kit, error: Exception, reason: str
) -> None:
    records = [a_record(an_event(subject), number) for subject in (uuid4(), uuid4()) for number in range(1, 9)]
    bad = records[5]
    await kit.topics.send(*records)
    handler = refusing(lambda delivery: delivery.envelope.event_id == event_id(bad), error)
    service = f"test-{uuid4().hex}"
    await kit.start(kit.component(handler, service=service))
    await kit.all_handled([event_id(record) for record in records if record is not bad])
    await eventually(lambda: consumed(service, TOPIC, "done") == len(records) - 1)
    assert consumed(service, TOPIC, "parked") == 1
    (letter,) = await kit.parked()
    assert (letter.key, letter.value) == (bad.key, bad.value)
    assert list(letter.headers[: len(bad.headers)]) == list(bad.headers)
    assert header(letter, "dlq_reason") == reason
    assert header(letter, "dlq_consumer") == f"{service}.taker"
    assert header(letter, "dlq_topic") == TOPIC
    (where,) = [record for record in await kit.topics.read(TOPIC) if event_id(record) == event_id(bad)]
    assert header(letter, "dlq_partition") == str(where.partition)
    assert header(letter, "dlq_offset") == str(where.offset)


def malformed() -> list[tuple[str, Record]]:
    """Records of every bad quality, with what is said of each when it is parked."""
    good = a_record()
    without_id = [(name, value) for name, value in good.headers if name != "ce_id"]
    with_null: Any = [*without_id, ("ce_id", None)]
    return [
        ("payload: json_invalid", replace(good, value=b'{"skill_id": ')),
        ("payload: json_invalid", replace(good, value=b"[" * 10_000)),
        ("payload: json_invalid", replace(good, value=None)),
        ("payload: model_type", replace(good, value=b"NaN")),
        ("payload: skill_id missing", replace(good, value=b'{"change": "edited", "label": "x"}')),
        ("payload: label string_too_long", a_record(an_event().model_copy(update={"label": "K" * 300}))),
        ("unknown event type", a_record(type="flash.unheard.of.v9")),
        ("event type of another topic", a_record(type=ProgramChangedV1.TYPE)),
        ("the subject is not the payload's aggregate", a_record(subject=uuid4())),
        ("envelope: header ce_id is missing", replace(good, headers=[])),
        ("envelope: header ce_id is missing", replace(good, headers=without_id)),
        ("envelope: header ce_id is malformed", replace(good, headers=with_null)),
        ("envelope: header ce_time is malformed", replace(good, headers=[*good.headers, ("ce_time", b"\xff\xfe")])),
    ]


def as_it_came(reason: str, record: Any) -> tuple[Any, ...]:
    """What is parked must keep; what parking adds is left out."""
    return reason, record.key, record.value, *(item for item in record.headers if not item[0].startswith("dlq_"))


async def test_what_is_no_event_is_parked_as_it_came_and_its_neighbours_are_done(kit: Kit) -> None:
    bad = malformed()
    first = await kit.send(3)
    await kit.topics.send(*(record for _, record in bad))
    await kit.start(kit.component())
    last = await kit.send(3)
    await kit.all_handled(first + last)
    found = Counter(as_it_came(header(letter, "dlq_reason"), letter) for letter in await kit.parked())
    assert found == Counter(as_it_came(reason, record) for reason, record in bad)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.SerializationError("serialization"),
        ConnectionError("gone"),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_failure_of_the_moment_is_retried_until_it_is_over_and_parks_nothing(
    kit: Kit, error: Exception
) -> None:
    handler = FailsAtFirst(4, error)
    sent = await kit.send(5)
    await kit.start(kit.component(handler))
    await kit.all_handled(sent)
    assert handler.left == 0
    assert await kit.parked() == []


async def test_a_lost_database_session_is_survived(kit: Kit) -> None:
    async def ends_its_session(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        await take(transaction, deliveries)
        if not ended:
            ended.append(await transaction.fetchval("SELECT pg_backend_pid()"))
            await transaction.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    ended: list[int] = []
    sent = await kit.send(5)
    await kit.start(kit.component(ends_its_session))
    await kit.all_handled(sent)
    assert len(ended) == 1
    assert await kit.parked() == []


async def test_what_was_done_of_a_batch_is_not_done_again_when_the_rest_is_retried(kit: Kit) -> None:
    sent = await kit.send(8, uuid4())
    failures = [ConnectionError()]

    async def second_is_bad_and_the_last_four_fail_once(
        transaction: Transaction, deliveries: Sequence[Delivery]
    ) -> None:
        await take(transaction, deliveries)
        ids = [delivery.envelope.event_id for delivery in deliveries]
        if sent[1] in ids:
            raise ValueError
        if ids == sent[4:] and failures:
            raise failures.pop()

    await kit.start(kit.component(second_is_bad_and_the_last_four_fail_once))
    await kit.all_handled([sent[0], *sent[2:]])
    assert failures == []
    assert [event_id(letter) for letter in await kit.parked()] == [sent[1]]
