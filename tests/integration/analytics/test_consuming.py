"""From Kafka to the report, with events that come twice."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from analytics_service.app import build
from analytics_service.consumers import facts_of
from analytics_service.rollup import recompute
from analytics_service.settings import Settings
from chassis.consuming import ConsumerComponent
from chassis.envelope import Envelope, to_headers
from chassis.kafka import KafkaPublisher, Record
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines
from flash_schemas.base import Event
from flash_schemas.profile import ProgramChangedV1
from flash_schemas.search import SearchPerformedV1
from flash_schemas.session import MessageReadV1

from tests.integration.analytics.conftest import objective
from tests.support.apis import offline_settings, serving_api
from tests.support.deliveries import delivery
from tests.support.running import running
from tests.support.topics import Topics
from tests.support.waiting import eventually

NOW = datetime.now(UTC)


def record(event: Event) -> Record:
    envelope = Envelope(uuid4(), event.TYPE, "/services/test", event.aggregate_id, NOW, 1)
    key = str(event.aggregate_id).encode()
    return Record(event.TOPIC, key, event.model_dump_json().encode(), to_headers(envelope))


def search(program_id: UUID) -> SearchPerformedV1:
    return SearchPerformedV1(search_id=uuid4(), searcher_id=uuid4(), program_id=program_id, matching=1, available=0)


def program(program_id: UUID, owner_id: UUID) -> Any:
    return ProgramChangedV1(
        program_id=program_id,
        change="created",
        name="Onboarding",
        status="active",
        objectives=(objective("connections", 1),),
        eligibility={},
        search_fields={},
        request_policy={},
        owners=(owner_id,),
        starts_on=NOW.date(),
    )


def test_that_a_message_was_read_is_taken_and_counts_nothing() -> None:
    ids: dict[str, Any] = {
        name: uuid4() for name in ("session_id", "program_id", "message_id", "reader_id", "sender_id")
    }
    assert list(facts_of(delivery(MessageReadV1(**ids, reader_role="learner", position=1), 2))) == []


async def test_events_that_kafka_holds_twice_count_once(
    analytics_database: DatabaseUrls, engines: Engines, topic_prefix: str
) -> None:
    values = {**offline_settings(analytics_database.app), "kafka_bootstrap": engines.kafka_bootstrap}
    settings = Settings(**values, topic_prefix=topic_prefix)
    program_id, owner_id = uuid4(), uuid4()
    searches = [record(search(program_id)) for _ in range(40)]
    topics = Topics(settings)
    await topics.send(*searches, record(program(program_id, owner_id)), *searches[:25])
    async with serving_api(build(settings)) as api:
        headers = api.callers.sign_in("program_owner", person_id=owner_id)
        reading = [
            ConsumerComponent("analytics", settings, consumer, KafkaPublisher(settings))
            for consumer in api.service.consumers
        ]

        async def cases() -> Any:
            answer = await api.client.get(f"/api/v1/programs/{program_id}/report", headers=headers)
            assert answer.status_code == 200, answer.text
            return answer.json()["metrics"]["zero_result_ratio"]["cases"]

        async def everything_was_read() -> bool:
            async with api.database.connection() as connection:
                read = await connection.fetchval("SELECT sum(next_offset)::int FROM consumer_offset")
            return bool(read == 40 + 1 + 25)

        async with running(*reading, database=api.database):
            await eventually(everything_was_read, deadline_s=60)
        assert await cases() == 40
        assert not any(row.differing for row in await recompute(api.database, 100))
    await topics.close()
