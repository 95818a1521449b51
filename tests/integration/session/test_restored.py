"""After a restore the session service outranks its topics, ends what it does not know, and names what is lost."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka.errors import KafkaError
from chassis.consumer import Delivery, decode
from chassis.kafka import KafkaPublisher
from chassis.relay import Relay
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines
from flash_schemas import session as said
from session_service import restored as command

from tests.integration.session.conftest import TODAY, World
from tests.support.backups import Backup
from tests.support.deliveries import delivery
from tests.support.topics import Topics


@dataclass
class Restorable:
    """A service that publishes, and can be put back to a backup."""

    world: World
    topics: Topics
    backup: Backup

    async def publish(self) -> None:
        """What was said is in the topics."""
        settings = self.world.api.service.settings
        connection, publisher = await self.world.api.database.dedicated(), KafkaPublisher(settings)
        try:
            await Relay("session", settings, publisher).publish_window(connection)
        finally:
            await publisher.close()
            await connection.close()

    async def back_up(self) -> None:
        await self.publish()
        await self.backup.take()

    async def restore(self) -> None:
        await self.publish()
        await self.backup.restore()

    async def mend(self, *arguments: str) -> int:
        """Run the command; whatever it says is in the topics afterwards."""
        status = await command.restored(self.world.api.service, arguments)
        await self.publish()
        return status

    async def told(self, *topics: str) -> dict[UUID, list[tuple[int, Any]]]:
        """Everything in these topics, by what it is about and version."""
        told: dict[UUID, dict[UUID, tuple[int, Any]]] = {}
        for topic in topics:
            for record in await self.topics.read(topic):
                item = decode(record, topic)
                assert isinstance(item, Delivery)
                step = item.envelope.aggregate_version, item.event
                told.setdefault(item.event.aggregate_id, {})[item.envelope.event_id] = step
        return {key: sorted(steps.values(), key=lambda step: step[0]) for key, steps in told.items()}

    async def steps(self, session_id: str) -> list[tuple[int, str]]:
        """What was said of a session: version and type."""
        told = await self.told("session-events", "message-events")
        return [(version, type(event).__name__) for version, event in told[UUID(session_id)]]

    async def availability(self, mentor: UUID) -> tuple[int, said.AvailabilityChangedV1]:
        """What somebody knows of a mentor who keeps the newest version."""
        found: tuple[int, said.AvailabilityChangedV1] = (await self.told("availability-events"))[mentor][-1]
        return found


@pytest.fixture
async def restorable(
    world: World, session_database: DatabaseUrls, engines: Engines, topic_prefix: str
) -> AsyncIterator[Restorable]:
    service = world.api.service
    online = {"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix}
    service.settings = service.settings.model_copy(update=online)
    topics = Topics(service.settings)
    yield Restorable(world, topics, await Backup.taken(engines.postgres_url, session_database))
    await topics.close()


async def test_a_mentors_slots_are_those_of_the_restored_sessions(restorable: Restorable) -> None:
    world = restorable.world
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await restorable.back_up()
    await world.post(mentor, f"/sessions/{session_id}/accept")
    await restorable.publish()
    version, before = await restorable.availability(mentor)
    assert (version, before.slots_left, before.open_requests) == (2, 1, 0)
    await restorable.restore()
    assert await restorable.mend() == 0
    version, after = await restorable.availability(mentor)
    assert (version, after.slots_left, after.open_requests) == (3, 2, 1)
    headers = {"If-Match": '"3"'}
    signed = world.api.callers.sign_in("employee", person_id=mentor) | headers
    answer = await world.api.client.put("/api/v1/me/availability", json={"capacity": 1}, headers=signed)
    assert answer.status_code == 200, answer.text


async def test_a_mentor_who_was_first_asked_since_takes_what_anybody_takes(restorable: Restorable) -> None:
    world = restorable.world
    learner, mentor = await world.person(), await world.person()
    await restorable.back_up()
    await world.asked(learner, mentor)
    await restorable.restore()
    await restorable.mend()
    version, after = await restorable.availability(mentor)
    assert (version, after.slots_left, after.open_requests) == (2, 2, 0)
    assert await restorable.mend("--check") == 0


async def test_what_comes_next_of_a_session_outranks_what_was_said_of_it(restorable: Restorable) -> None:
    world = restorable.world
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    await world.post(mentor, f"/sessions/{session_id}/accept")
    await restorable.back_up()
    for days in (1, 2, 3):
        at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        assert (await world.post(learner, f"/sessions/{session_id}/schedule", {"starts_at": at})).status_code == 200
    await restorable.restore()
    await restorable.mend()
    at = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    assert (await world.post(learner, f"/sessions/{session_id}/schedule", {"starts_at": at})).status_code == 200
    await restorable.publish()
    *_, third, last = await restorable.steps(session_id)
    assert (third, last) == ((6, "SessionRescheduledV1"), (8, "SessionScheduledV1"))


async def test_a_session_asked_for_since_ends_for_the_others(restorable: Restorable) -> None:
    world = restorable.world
    learner = await world.person()
    mentors = [await world.person() for _ in range(4)]
    await restorable.back_up()
    requested, accepted, declined = [await world.asked(learner, mentor) for mentor in mentors[:3]]
    await world.post(mentors[1], f"/sessions/{accepted}/accept")
    await world.post(mentors[2], f"/sessions/{declined}/decline", {"reason": "no_time"})
    held = await world.held(learner, mentors[3])
    await restorable.restore()
    assert await restorable.mend("--check") == 1
    assert await restorable.mend() == 0
    assert (await restorable.steps(requested))[-1] == (3, "SessionExpiredV1")
    assert (await restorable.steps(accepted))[-1] == (4, "SessionCancelledV1")
    assert (await restorable.steps(declined))[-1] == (3, "SessionDeclinedV1")
    assert (await restorable.steps(held))[-1] == (6, "SurveySentV1")
    assert await restorable.mend("--check") == 0
    assert len(await restorable.steps(requested)) == 3, "once"


async def test_without_kafka_nothing_is_said(restorable: Restorable) -> None:
    world = restorable.world
    by, whom = await world.person(), await world.person()
    assert (await world.call(by, "PUT", f"/me/blocks/{whom}")).status_code == 204
    before = await world.api.events()
    settings = world.api.service.settings
    world.api.service.settings = settings.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    with pytest.raises(KafkaError):
        await command.restored(world.api.service)
    assert await world.api.events() == before


async def test_lost_messages_and_sessions_are_named(restorable: Restorable, capsys: pytest.CaptureFixture[str]) -> None:
    world = restorable.world
    learner, mentor = await world.person(), await world.person()
    session_id = await world.asked(learner, mentor)
    kept, lost = uuid4(), uuid4()
    await send(world, learner, session_id, kept)
    await restorable.back_up()
    await send(world, learner, session_id, lost)
    other = await world.held(learner, await world.person())
    await restorable.restore()
    capsys.readouterr()
    await restorable.mend()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["messages", str(lost), "4", "-", "-", "gone"] in lines
    assert ["sessions", session_id, "4", "3", "5", "raised"] in lines
    assert ["sessions", other, "6", "-", "-", "gone"] in lines
    assert not [line for line in lines if str(kept) in line]


async def send(world: World, by: UUID, session_id: str, message_id: UUID) -> None:
    body = {"message_id": str(message_id), "text": "Hello"}
    answer = await world.post(by, f"/sessions/{session_id}/messages", body)
    assert answer.status_code in (200, 201), answer.text


ABOUT = {"session_id": uuid4(), "program_id": uuid4(), "learner_id": uuid4(), "mentor_id": uuid4()}
ASKED = said.SessionRequestedV1(**ABOUT, format="call", minutes=30, expires_at=datetime.now(UTC))
ACCEPTED = said.SessionAcceptedV1(**ABOUT, capacity_month="2026-11")
HELD = said.SessionHeldV1(**ABOUT, held_on=TODAY)
SURVEY = said.SurveySentV1(**ABOUT, side="mentor")


@pytest.mark.parametrize(
    ("steps", "end"),
    [
        ((ASKED,), said.SessionExpiredV1),
        ((ASKED, ACCEPTED), said.SessionCancelledV1),
        ((ASKED, said.SessionDeclinedV1(**ABOUT)), None),
        ((ASKED, said.SessionExpiredV1(**ABOUT)), None),
        ((ASKED, said.SessionWithdrawnV1(**ABOUT, reason="by_learner")), None),
        ((ASKED, ACCEPTED, said.SessionCancelledV1(**ABOUT, by="mentor")), None),
        ((ASKED, ACCEPTED, said.SessionNotHeldV1(**ABOUT)), None),
        ((ASKED, ACCEPTED, HELD, SURVEY), None),
    ],
)
def test_a_session_ends_once(steps: Sequence[Any], end: type | None) -> None:
    told = [delivery(event, version) for version, event in enumerate(steps, 1)]
    ended = command.closed(told)
    assert (type(ended) if ended else None) is end
    assert ended is None or ended.model_dump(include=set(ABOUT)) == ABOUT
