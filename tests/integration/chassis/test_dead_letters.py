"""Dead letters in an operator's hands: found again, shown whole, handled after all, or given up with a reason."""

import asyncio
import base64
import os
import pwd
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest
from chassis.consumer import Consumer, Delivery, Handler, Poison
from chassis.database import Transaction
from chassis.kafka import Record
from chassis.letters import show_waiting
from chassis.parked import dead_letters
from chassis.runtime import Service
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.support.aggregates import TOPIC, a_record, an_event
from tests.support.consumers import DEAD_LETTERS, Kit, event_id, header, refusing, take
from tests.support.waiting import eventually

NOBODY = "0 waiting, 0 in all."


@dataclass
class Operator:
    """Types commands and reads what they answer."""

    kit: Kit
    printed: pytest.CaptureFixture[str]
    handle: Handler = take

    async def types(self, *arguments: str) -> tuple[int, str]:
        """The exit status and the output of `dead-letters` with these arguments."""
        consumers = [Consumer("taker", (TOPIC,), self.handle)]
        service = Service("test", self.kit.settings, self.kit.database, consumers=consumers)
        self.printed.readouterr()
        return await dead_letters(service, arguments), self.printed.readouterr().out

    async def waiting(self) -> list[str]:
        """The ids of the letters that wait, in the order listed."""
        _, output = await self.types("list")
        return [line.split()[0] for line in output.splitlines()[1:-1]]


@pytest.fixture
def operator(kit: Kit, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    # Of consumers that still stop. Once a test: of two that overlap, the one that ends last would stay for ever.
    with capture_logs():
        yield Operator(kit, capsys)


def failing(*event_ids: UUID, error: Exception | None = None) -> Handler:
    return refusing(lambda delivery: delivery.envelope.event_id in event_ids, error or ValueError())


async def park(kit: Kit, *bad: Record, handle: Handler = take, service: str = "test") -> None:
    """These records are sent, a consumer meets them and parks them, and stops again."""
    already = len(await kit.parked())
    await kit.topics.send(*bad)
    stop = await kit.start(kit.component(handle, service=service))

    async def all_are() -> bool:
        return len(await kit.parked()) == already + len(bad)

    await eventually(all_are, deadline_s=30)
    stop.set()


async def park_unhandled(kit: Kit, count: int, *subjects: UUID) -> list[UUID]:
    """Events that are well, but a former release could not handle; subject by subject."""
    records = [a_record(an_event(subject), version) for subject in subjects for version in range(1, count + 1)]
    await park(kit, *records, handle=failing(*map(event_id, records)))
    return [event_id(record) for record in records]


async def test_letters_are_listed_with_where_they_came_from_and_why(kit: Kit, operator: Operator) -> None:
    assert (await operator.types("list"))[1].splitlines()[-1] == NOBODY
    bad = a_record(type="flash.unheard.of.v9")
    await park(kit, bad)
    status, output = await operator.types("list")
    columns, row, total = output.splitlines()
    (letter,) = await kit.parked()
    where = f"{TOPIC}/{header(letter, 'dlq_partition')}/{header(letter, 'dlq_offset')}@test.taker"
    assert columns.split() == ["id", "consumer", "parked", "key", "type", "reason"]
    assert row.split()[:2] == [where, "taker"]
    assert row.split()[-5:] == [header(letter, "ce_subject"), "flash.unheard.of.v9", "unknown", "event", "type"]
    assert (status, total) == (0, "1 waiting, 1 in all.")


async def test_letters_of_other_services_are_not_listed(kit: Kit, operator: Operator) -> None:
    await park(kit, a_record(type="flash.unheard.of.v9"), service="other")
    assert await operator.waiting() == []


async def test_an_older_letter_that_names_no_service_is_read(kit: Kit, operator: Operator) -> None:
    await park(kit, a_record(type="flash.unheard.of.v9"), service="other")
    (letter,) = await kit.parked()
    headers = [(name, b"taker" if name == "dlq_consumer" else value) for name, value in letter.headers]
    await kit.topics.send(Record(DEAD_LETTERS, letter.key, letter.value, headers))
    (found,) = await operator.waiting()
    assert found.endswith("@test.taker")


async def test_what_lies_in_the_topic_and_is_no_letter_is_passed_over(kit: Kit, operator: Operator) -> None:
    without_place = [("dlq_consumer", b"test.taker"), ("dlq_topic", TOPIC.encode()), ("dlq_partition", b"x")]
    await kit.topics.send(replace(a_record(), topic=DEAD_LETTERS), Record(DEAD_LETTERS, None, b"", without_place))
    assert await operator.waiting() == []


async def test_how_many_wait_is_shown_until_they_are_ended(kit: Kit, operator: Operator) -> None:
    async def shown() -> float | None:
        labels = {"service": "test", "consumer": "taker", "topic": TOPIC}
        await show_waiting("test", kit.settings, kit.database, [Consumer("taker", (TOPIC,), take)])
        return REGISTRY.get_sample_value("flash_dead_letters_waiting", labels)

    assert await shown() == 0
    await park(kit, *(a_record(type="flash.unheard.of.v9") for _ in range(3)))
    assert await shown() == 3
    kit.settings = (online := kit.settings).model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    assert await shown() == 3, "while Kafka is away, what was last known"
    kit.settings = online
    ids = await operator.waiting()
    await operator.types("drop", *ids, "--reason", "nobody wants them")
    assert await shown() == 0


async def test_a_record_parked_twice_is_one_letter(kit: Kit, operator: Operator) -> None:
    """As after a crash between parking and moving the position."""
    await park(kit, a_record(type="flash.unheard.of.v9"))
    (letter,) = await kit.parked()
    await kit.topics.send(Record(DEAD_LETTERS, letter.key, letter.value, letter.headers))
    assert len(await operator.waiting()) == 1


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (replace(a_record(), value=b'{"skill_id": '), "  (not JSON)"),
        (replace(a_record(), value=b"\xff\x00\xfe"), "  (not JSON)"),
        (replace(a_record(), value=b""), "  (not JSON)"),
        (replace(a_record(), value=b'{"change": "edited"}'), '  "change": "edited"'),
        (replace(a_record(), headers=[("ce_id", b"\xff\xfe"), ("empty", b"")]), "  ce_id: 0xfffe"),
    ],
    ids=["cut off", "no text", "empty", "a field missing", "headers that are no text"],
)
async def test_a_letter_is_shown_with_every_byte(kit: Kit, operator: Operator, bad: Record, said: str) -> None:
    await park(kit, bad)
    (name,) = await operator.waiting()
    status, output = await operator.types("show", name)
    lines = output.splitlines()
    assert status == 0
    assert bad.value is not None
    assert {said, f"value    {len(bad.value)} bytes"} <= {*lines}
    assert f"base64   {base64.b64encode(bad.value).decode()}".strip() in map(str.strip, lines)
    assert f"hex      {bad.value.hex()}".strip() in map(str.strip, lines)
    assert any(line.startswith("today    does not decode: ") for line in lines)


async def test_a_letter_without_a_value_is_shown(kit: Kit, operator: Operator) -> None:
    await park(kit, replace(a_record(), value=None))
    _, output = await operator.types("show", *await operator.waiting())
    assert "value    none" in output.splitlines()


async def test_after_the_mend_all_are_handled_in_order_and_only_once(kit: Kit, operator: Operator) -> None:
    events = await park_unhandled(kit, 5, subject := uuid4())
    status, output = await operator.types("replay", "--all")
    assert (status, output.splitlines()[-1]) == (0, "5 replayed, 0 still bad, 0 had been replayed before.")
    assert await kit.handled() == events
    status, output = await operator.types("replay", "--all")
    assert (status, output.splitlines()) == (0, ["0 replayed, 0 still bad, 0 had been replayed before."])
    status, output = await operator.types("replay", "--key", str(subject))
    assert (status, output.splitlines()) == (0, ["0 replayed, 0 still bad, 0 had been replayed before."])
    assert await kit.handled() == events
    assert await operator.waiting() == []


async def test_one_that_was_replayed_is_not_handled_again_when_named_again(kit: Kit, operator: Operator) -> None:
    events = await park_unhandled(kit, 1, uuid4())
    (name,) = await operator.waiting()
    await operator.types("replay", name)
    status, output = await operator.types("replay", name)
    assert (status, output.splitlines()[0]) == (0, f"already  {name}")
    assert await kit.handled() == events


async def test_only_those_of_a_key_are_replayed(kit: Kit, operator: Operator) -> None:
    events = await park_unhandled(kit, 2, subject := uuid4(), uuid4())  # at once: the former release ends when it likes
    status, _ = await operator.types("replay", "--key", str(subject))
    assert status == 0
    assert await kit.handled() == events[:2]
    assert len(await operator.waiting()) == 2


async def test_those_named_are_replayed_in_order_of_origin(kit: Kit, operator: Operator) -> None:
    events = await park_unhandled(kit, 12, uuid4())
    names = await operator.waiting()
    await operator.types("replay", *reversed(names))
    assert await kit.handled() == events


async def test_one_that_is_still_bad_stays_with_its_reason_and_holds_up_no_other(kit: Kit, operator: Operator) -> None:
    events = await park_unhandled(kit, 3, uuid4())
    operator.handle = failing(events[1], error=Poison("no such program"))
    names = await operator.waiting()
    status, output = await operator.types("replay", "--all")
    assert status == 1
    assert f"stays    {names[1]}: refused: no such program" in output.splitlines()
    assert await kit.handled() == [events[0], events[2]]
    assert await operator.waiting() == [names[1]]
    operator.handle = take
    assert (await operator.types("replay", "--all"))[0] == 0
    assert await kit.handled() == [events[0], events[2], events[1]]


async def test_one_that_still_does_not_decode_stays(kit: Kit, operator: Operator) -> None:
    await park(kit, a_record(type="flash.unheard.of.v9"))
    (name,) = await operator.waiting()
    status, output = await operator.types("replay", name)
    assert (status, output.splitlines()[0]) == (1, f"stays    {name}: unknown event type")


async def test_of_two_operators_at_once_one_replays(kit: Kit, operator: Operator) -> None:
    async def slowly(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        await take(transaction, deliveries)
        await asyncio.sleep(0.05)

    events = await park_unhandled(kit, 4, uuid4())
    operator.handle = slowly
    await asyncio.gather(operator.types("replay", "--all"), operator.types("replay", "--all"))
    assert await kit.handled() == events


async def test_a_replay_that_ends_half_way_has_not_happened(kit: Kit, operator: Operator) -> None:
    async def ends(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        await take(transaction, deliveries)
        raise asyncio.CancelledError

    events = await park_unhandled(kit, 2, uuid4())
    operator.handle = ends
    with pytest.raises(asyncio.CancelledError):
        await operator.types("replay", "--all")
    assert await kit.handled() == []
    operator.handle = take
    await operator.types("replay", "--all")
    assert await kit.handled() == events


async def test_what_is_dropped_waits_no_more_and_says_who_did_it_and_why(kit: Kit, operator: Operator) -> None:
    events = await park_unhandled(kit, 1, uuid4())
    (name,) = await operator.waiting()
    status, output = await operator.types("drop", name, "--reason", "a test of the producer")
    assert (status, output.splitlines()) == (0, [f"dropped  {name}"])
    assert await operator.waiting() == []
    assert (await operator.types("replay", "--all"))[1].startswith("0 replayed")
    by = pwd.getpwuid(os.getuid()).pw_name
    row = (await operator.types("list", "--all"))[1].splitlines()[1]
    assert row.endswith(f" by {by}: a test of the producer")
    status, output = await operator.types("drop", name, "--reason", "again")
    assert (status, output.startswith(f"already  {name}: dropped ")) == (0, True)
    assert "a test of the producer" in (await operator.types("list", "--all"))[1]
    await operator.types("replay", name)  # with second thoughts
    assert await kit.handled() == events
    assert " replayed " in (await operator.types("list", "--all"))[1]


async def test_what_was_replayed_cannot_be_dropped(kit: Kit, operator: Operator) -> None:
    await park_unhandled(kit, 1, uuid4())
    (name,) = await operator.waiting()
    await operator.types("replay", name)
    _, output = await operator.types("drop", name, "--reason", "x")
    assert output.startswith(f"already  {name}: replayed ")
    assert " replayed " in (await operator.types("list", "--all"))[1]


async def test_a_record_that_is_parked_again_after_its_end_waits_again(kit: Kit, operator: Operator) -> None:
    await park(kit, a_record(type="flash.unheard.of.v9"))
    (name,) = await operator.waiting()
    await operator.types("drop", name, "--reason", "x")
    async with kit.database.transaction() as transaction:
        await transaction.execute("UPDATE consumer_offset SET next_offset = 0")
    await kit.start(kit.component())

    async def it_waits() -> bool:
        return await operator.waiting() == [name]

    await eventually(it_waits, deadline_s=30)


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "skill-events/0/9@test.taker"),
        ("replay", "skill-events/0/9@test.taker"),
        ("replay", "--key", "nobody"),
        ("drop", "skill-events/0/9@test.taker", "--reason", "x"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
async def test_what_is_no_letter_is_said_and_nothing_is_done(operator: Operator, arguments: tuple[str, ...]) -> None:
    status, output = await operator.types(*arguments)
    assert status == 2
    assert "not a dead letter of test; `dead-letters list --all` names them all." in output


@pytest.mark.parametrize(
    "arguments", [(), ("dance",), ("replay",), ("replay", "x", "--all"), ("drop", "x"), ("show",)], ids=str
)
async def test_wrong_usage_is_answered_with_the_right_one(
    operator: Operator, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        await operator.types(*arguments)
    assert ended.value.code == 2
    assert "usage: test_service dead-letters" in capsys.readouterr().err
