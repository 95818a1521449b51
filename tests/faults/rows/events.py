"""Rows in which what comes from Kafka or from HR is repeated, shuffled, malformed or from another time."""

import asyncio
import re
import signal
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import orjson
from aiokafka import AIOKafkaProducer
from chassis.failpoints import Action

from tests.faults.load import Pace
from tests.faults.rows.engines import limited
from tests.faults.rows.index import command
from tests.faults.run import Run, row
from tests.faults.watch import Topics, number, pairs
from tests.support.waiting import eventually

READERS = {"profile-events": 3, "session-events": 1, "message-events": 1, "availability-events": 1, "program-events": 3}
"""How many consumers read each topic; each sets aside what it cannot read."""
POSITION = "SELECT next_offset FROM consumer_offset WHERE topic = $1 AND partition = $2"

Headers = list[tuple[str, bytes]]


async def old_records(run: Run, *topics: str) -> list[Any]:
    """Records of this platform's life, read anew."""
    reader = Topics(run.system.engine_url("kafka"))
    await reader.open()
    try:
        return [record for record in await reader.read_on() if record.topic in topics][-6_000:]
    finally:
        await reader.close()


async def again(run: Run, records: Sequence[Any]) -> None:
    """Send records once more as they are, to where they were."""
    async with _producer(run) as producer:
        sends = [await producer.send(r.topic, r.value, r.key, r.partition, headers=list(r.headers)) for r in records]
        await asyncio.gather(*sends)


def _producer(run: Run) -> AIOKafkaProducer:
    return AIOKafkaProducer(bootstrap_servers=run.system.engine_url("kafka"), acks="all")


@row(30, "somebody leaves, the index is restarted, and an older event comes again")
async def an_older_event_comes_after_a_leaver(run: Run) -> None:
    async with run.writing():
        pass
    if run.one_of(True, False):
        await run.system.take_down("opensearch", run.one_of(signal.SIGKILL, signal.SIGTERM))
        run.system.bring_up("opensearch")
    records = await old_records(run, "profile-events")
    await again(run, run.random.sample(records, min(300, len(records))))
    run.happened("older events came again")


@row(31, "every event comes three more times, shuffled")
async def events_come_again_and_shuffled(run: Run) -> None:
    async with run.writing():
        pass
    topics = ("profile-events", "session-events", "message-events", "availability-events", "program-events")
    records = [r for r in await old_records(run, *topics) if _place(r) not in run.lab.history.planted][-1_500:] * 3
    run.random.shuffle(records)
    await again(run, records)
    run.happened(f"{len(records)} records came again, shuffled")


@row(32, "records that nobody can read come among good ones")
async def poison_comes(run: Run) -> None:
    topic = run.one_of(*READERS)
    (good,) = (await old_records(run, topic))[-1:] or [None]
    assert good, f"{topic} is empty"
    async with run.writing():
        for value, headers in _poison(good):
            await plant(run, topic, good.key, value, headers)
        run.expected_parked = READERS[topic] * len(_poison(good))
        run.happened(f"{len(_poison(good))} records that nobody can read came to {topic}")


def _poison(good: Any) -> list[tuple[bytes | None, Headers]]:
    """One of each kind: the value and the headers."""
    headers: Headers = list(good.headers)
    nested = b'{"a":' * 3_000 + b"1" + b"}" * 3_000
    return [
        (b"{not json", headers),
        (b'{"unknown": true}', headers),
        (good.value, _with(headers, "ce_type", b"flash.unknown.happened.v1")),
        (good.value, _with(headers, "ce_type", headers_of(good)["ce_type"].replace(b".v1", b".v99"))),
        (None, headers),
        (good.value, _with(headers, "ce_id", b"")),
        (good.value, _with(headers, "ce_aggregateversion", b"\xff\xfe")),
        (good.value, []),
        (orjson.dumps({"long": "x" * 400_000}), headers),
        (nested, headers),
        (re.sub(rb":(\d+|null|true)", b":NaN", good.value, count=1) + b" ", _with(headers, "ce_subject", b"x")),
    ]


def headers_of(record: Any) -> dict[str, bytes]:
    """Headers by name."""
    return dict(record.headers)


def _with(headers: Headers, name: str, value: bytes) -> Headers:
    return [(known, value if known == name else before) for known, before in headers]


async def plant(run: Run, topic: str, key: bytes, value: bytes | None, headers: Headers) -> tuple[str, int, int]:
    """Send a record that no service said; where it stands."""
    async with _producer(run) as producer:
        sent = await producer.send_and_wait(topic, value, key, headers=headers)
    place = (topic, sent.partition, sent.offset)
    run.lab.history.planted.add(place)
    return place


def _place(record: Any) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


@row(34, "the dead-letter topic takes nothing while poison comes: nobody reads past it")
async def dead_letters_cannot_be_parked(run: Run) -> None:
    topic = "session-events"
    (good,) = (await old_records(run, topic))[-1:]
    async with run.writing():
        async with limited(run, f"{topic}-dlq"):
            _, partition, offset = await plant(run, topic, good.key, b"{not json" + b" " * 1_000, list(good.headers))
            await run.a_moment(5)
            position = await number(run.system, "analytics", POSITION, topic, partition)
            assert position <= offset, f"the position {position} is past the poison at {offset}"
        run.expected_parked = 1
        run.happened("a dead letter could not be parked for a while")


@row(38, "HR events carry times that go backward and jump: their order is that of their sequence")
async def hr_times_are_wrong(run: Run) -> None:
    writers, event = run.lab.writers, run.lab.writers.event

    def at_a_wrong_time(kind: str, **about: Any) -> dict[str, Any]:
        """In the past: what has not happened yet is refused."""
        hour, day = run.random.randint(0, 23), run.random.randint(1, 28)
        return event(kind, **about) | {"time": f"20{run.random.randint(10, 25)}-01-{day:02}T{hour:02}:00:00Z"}

    writers.event = at_a_wrong_time  # type: ignore[method-assign] # for this run
    try:
        async with run.writing():
            pass
    finally:
        del writers.event
    run.happened("HR's clock went backward and jumped")


@row(39, "units are moved in circles, under nobody, and renamed while people move")
async def units_are_moved_in_circles(run: Run) -> None:
    writers, tag = run.lab.writers, uuid4().hex[:6]

    def unit(code: str, parent: str) -> dict[str, Any]:
        return writers.event("unit_upserted", unit=code, name=f"{code} {tag}", parent=parent)

    async with run.writing():
        for _ in range(4):
            events = [unit("FLT-A", "FLT-B"), unit("FLT-B", "FLT-A"), unit("FLT-A", "nowhere"), unit("FLT-C", "FLT-C")]
            run.random.shuffle(events)
            async with writers.client() as client:
                await writers.push(client, events)
            await run.a_moment()
            run.happened("units were moved in circles")
    tree = await pairs(run.system, "profile", "SELECT unit_id, parent_id FROM org_unit")
    for unit_id in tree:
        path = [unit_id]
        while parent := tree[path[-1]]:
            assert parent not in path, "the tree has a circle"
            path.append(parent)


@row(40, "events of a newer producer carry fields that nobody here knows")
async def events_of_a_newer_producer_come(run: Run) -> None:
    async with run.writing():
        pass
    records = [r for r in await old_records(run, *READERS) if _place(r) not in run.lab.history.planted][-200:]
    async with _producer(run) as producer:
        for r in records:
            newer = orjson.dumps({**orjson.loads(r.value), "from_the_future": {"a": [1]}})
            await producer.send(r.topic, newer, r.key, r.partition, headers=[*r.headers, ("ce_new", b"1")])
        await producer.flush()
    run.happened(f"{len(records)} events came with new fields")


@row(33, "a bad deploy can handle nothing: the consumer stops itself, and replaying clears all", fast=False)
async def a_bad_deploy_parks_until_it_stops(run: Run) -> None:
    log_file = run.system.here.home.logs / "analytics.log"
    before = len(log_file.read_text())
    armed = run.system.arm("analytics", "facts.handling", Action(kind="fail"))
    async with run.writing(Pace(messages=80, asks=8, seconds=4)):
        pass

    async def stopped() -> bool:
        return '"event":"consumer_stopped"' in log_file.read_text()[before:]

    await eventually(stopped, 30)
    armed.unlink()
    await run.killed("analytics")
    replay = await command(run, "analytics", "dead-letters", "replay", "--all")
    assert await replay.wait() == 0, "not every dead letter could be replayed"
    run.expected_parked = None
    run.happened("the deploy was mended and the dead letters replayed")


@row(
    35,
    "everything is replayed from the first record, into the live index and into empty figures",
    fast=False,
    settles_within_s=300,
)
async def everything_is_replayed(run: Run) -> None:
    run.positions_may_go_back = True
    async with run.writing():
        pass
    for service in ("search", "analytics"):
        replay = await command(run, service, "replay")
        assert await replay.wait() == 0, f"{service} did not replay"
        run.happened(f"{service} was replayed")
