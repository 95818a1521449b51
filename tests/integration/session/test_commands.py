"""The tools of every service that consumes are the session service's, too."""

from typing import Any
from uuid import uuid4

from chassis.consuming import ConsumerComponent
from chassis.database import Database
from chassis.kafka import KafkaPublisher
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines
from flash_schemas.profile import ProfileChangedV1, UnitRef
from session_service.consumers import consumers
from session_service.settings import Settings

from tests.support.apis import offline_settings
from tests.support.commands import run
from tests.support.records import record_of
from tests.support.running import running
from tests.support.topics import Topics
from tests.support.waiting import eventually

PEOPLE = "SELECT person_id, version, status, participations FROM person ORDER BY person_id"


def a_person() -> ProfileChangedV1:
    usual: dict[str, Any] = {"change": "edited", "name": "x", "job_title": "x", "job_level": 1, "location": "x"}
    unit = UnitRef(unit_id=uuid4(), name="Unit")
    return ProfileChangedV1(**usual, person_id=uuid4(), status="active", unit_path=(unit,))


async def test_reading_everything_again_changes_nobody_and_no_letter_waits(
    session_database: DatabaseUrls, engines: Engines, topic_prefix: str
) -> None:
    online = {"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix}
    settings = Settings(**(offline_settings(session_database.app) | online), position_check_interval_ms=50)
    topics, database = Topics(settings), Database(settings)
    await topics.send(*(record_of(a_person()) for _ in range(10)))
    await topics.close()
    await database.open()

    async def people() -> list[Any]:
        async with database.connection() as connection:
            return await connection.fetch(PEOPLE)

    async def all_are_known() -> bool:
        return len(await people()) == 10

    components = [ConsumerComponent("session", settings, each, KafkaPublisher(settings)) for each in consumers()]
    async with running(*components, database=database):
        await eventually(all_are_known, deadline_s=30)
        before = await people()
        status, lines = await run("session_service", settings, "replay")
        assert (status, lines[-1]) == (
            0,
            "read again: people 10 of 10, programs 0 of 0, skills 0 of 0, erasures 0 of 0",
        )
        assert await people() == before
    assert (await run("session_service", settings, "dead-letters", "list"))[1][-1] == "0 waiting, 0 in all."
    await database.close()
