"""Letters of people who are to be forgotten are gone from the dead letters at once, those of others stay."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis import letter_removal
from chassis.consumer import Consumer
from chassis.consuming import ConsumerComponent
from chassis.kafka import KafkaPublisher, PublishFailed, Record
from chassis.letter_removal import remove_letters
from chassis.settings import Settings
from flash_local.engines.every import Engines

from tests.support.apis import offline_settings
from tests.support.consumers import Kit, consumed
from tests.support.topics import Topics
from tests.support.waiting import eventually

TOPIC, DEAD = "profile-events", "profile-events-dlq"
READ = "SELECT sum(next_offset) FROM consumer_offset WHERE topic = $1"


async def _nothing(*_arguments: Any) -> None:
    """These consumers handle nothing here."""


PEOPLE = [Consumer("people", (TOPIC, "session-events", "erasure-events"), _nothing)]


@pytest.fixture
def settings(engines: Engines, topic_prefix: str) -> Settings:
    online = {"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix}
    return Settings(**{**offline_settings("postgresql://nobody@127.0.0.1:1/none"), **online})


@pytest.fixture
async def topics(settings: Settings) -> AsyncIterator[Topics]:
    opened = Topics(settings)
    yield opened
    await opened.close()


def letter(person_id: UUID | None, value: bytes, topic: str = DEAD, age: timedelta = timedelta(0)) -> Record:
    said = (datetime.now(UTC) - age).isoformat().encode()
    return Record(topic, str(person_id).encode() if person_id else None, value, [("dlq_time", said), ("ce_id", b"1")])


async def values(topics: Topics, topic: str = DEAD) -> list[bytes]:
    return sorted(record.value for record in await topics.read(topic))


async def test_letters_of_one_go_and_those_of_others_stay_as_they_were(settings: Settings, topics: Topics) -> None:
    gone, other = uuid4(), uuid4()
    mentioned = b'{"person_id": "%s"' % str(gone).encode()
    await topics.send(letter(other, b"a"), letter(gone, b"x"), letter(other, b"b"), letter(None, mentioned))
    await topics.send(letter(gone, b"y"), letter(None, b"c"), letter(other, b"d"))
    before = {record.value: (record.key, record.headers) for record in await topics.read(DEAD)}
    assert await remove_letters(settings, {gone}, PEOPLE) == {gone: 3}
    after = {record.value: (record.key, record.headers) for record in await topics.read(DEAD)}
    assert after == {value: before[value] for value in (b"a", b"b", b"c", b"d")}
    assert await remove_letters(settings, {gone}, PEOPLE) == {}


async def test_letters_that_are_written_again_live_no_longer_for_it(settings: Settings, topics: Topics) -> None:
    gone = uuid4()
    await topics.send(letter(gone, b"old", age=timedelta(days=31)), letter(None, b"older", age=timedelta(days=31)))
    await topics.send(letter(None, b"young", age=timedelta(days=29)), letter(gone, b"x"))
    await topics.send(*(letter(gone, b"x") for _ in range(20)))
    await remove_letters(settings, {gone}, PEOPLE)
    assert b"old" not in await values(topics)
    assert b"young" in await values(topics)


async def test_requests_to_forget_and_letters_that_only_name_ids_are_left_alone(
    settings: Settings, topics: Topics
) -> None:
    gone = uuid4()
    for topic in ("erasure-events-dlq", "session-events-dlq"):
        await topics.send(letter(gone, str(gone).encode(), topic))
    assert await remove_letters(settings, {gone}, PEOPLE) == {}
    assert await values(topics, "erasure-events-dlq")
    assert await values(topics, "session-events-dlq")


async def test_a_removal_that_breaks_off_loses_nobodys_letter(
    settings: Settings, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is deleted before the others' letters are safe; repeated, it ends."""
    gone, others = uuid4(), [uuid4() for _ in range(8)]
    await topics.send(*(letter(other, str(other).encode()) for other in others), letter(gone, b"x"))
    await topics.send(*(letter(other, b"%s again" % str(other).encode()) for other in others), letter(gone, b"y"))

    async def break_off(*_arguments: Any) -> None:
        raise PublishFailed("as told")

    with monkeypatch.context() as broken:
        broken.setattr(letter_removal, "_delete", break_off)
        with pytest.raises(PublishFailed):
            await remove_letters(settings, {gone}, PEOPLE)
    await remove_letters(settings, {gone}, PEOPLE)
    found = {*await values(topics)}
    assert found == {text for other in others for text in (str(other).encode(), b"%s again" % str(other).encode())}


async def test_what_is_read_again_of_somebody_forgotten_becomes_no_letter(kit: Kit) -> None:
    gone, other = uuid4(), uuid4()
    async with kit.database.transaction() as transaction:
        await transaction.execute("INSERT INTO erasure (person_id, version) VALUES ($1, 1)", gone)
    mentioned = b'{"person_id": "%s"' % str(gone).encode()
    await kit.topics.send(Record(TOPIC, str(gone).encode(), b"cut off", []), Record(TOPIC, b"x", mentioned, []))
    await kit.topics.send(Record(TOPIC, str(other).encode(), b"cut off too", []))
    consumer = Consumer("taker", (TOPIC,), _nothing)
    name = f"test-{uuid4().hex}"
    await kit.start(ConsumerComponent(name, kit.settings, consumer, KafkaPublisher(kit.settings)))

    async def all_read() -> bool:
        async with kit.database.connection() as connection:
            return bool(await connection.fetchval(READ, kit.settings.topic_prefix + TOPIC) == 3)

    await eventually(all_read, deadline_s=30)
    await eventually(lambda: consumed(name, TOPIC, "parked"))
    assert consumed(name, TOPIC, "parked") == 1, "what became no letter counts as none"
    assert [record.value for record in await kit.topics.read(DEAD)] == [b"cut off too"]
