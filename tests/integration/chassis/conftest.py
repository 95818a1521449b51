"""The parts of the chassis on a database and topics of the test's own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest
from chassis.database import Database
from chassis.settings import Settings
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines

from tests.support import aggregates
from tests.support.apis import offline_settings
from tests.support.consumers import Kit
from tests.support.runner import Runner
from tests.support.topics import Topics

HANDLED = """
CREATE TABLE handled (
    position bigint GENERATED ALWAYS AS IDENTITY, event_id uuid NOT NULL, subject uuid NOT NULL, version bigint NOT NULL
)
"""


@pytest.fixture
async def offline(chassis_database: DatabaseUrls) -> Settings:
    """Settings of a process without Kafka, on a database that has two more tables to play with."""
    owner = await asyncpg.connect(chassis_database.owner)
    try:
        await owner.execute(aggregates.TABLE)
        await owner.execute(HANDLED)
    finally:
        await owner.close()
    return Settings(**offline_settings(chassis_database.app), retry_backoff_min_ms=5, retry_backoff_max_ms=40)


@pytest.fixture
def settings(offline: Settings, engines: Engines, topic_prefix: str) -> Settings:
    """The same with Kafka and topics; as in production, but for pauses that a test need not wait for."""
    return offline.model_copy(update={"kafka_bootstrap": engines.kafka_bootstrap, "topic_prefix": topic_prefix})


@pytest.fixture
async def database(offline: Settings) -> AsyncIterator[Database]:
    opened = Database(offline)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def topics(settings: Settings) -> AsyncIterator[Topics]:
    opened = Topics(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def runner(settings: Settings, tmp_path: Path) -> AsyncIterator[Runner]:
    async with AsyncExitStack() as exits:
        yield Runner(settings, tmp_path, exits)


@pytest.fixture
async def kit(settings: Settings, database: Database, topics: Topics) -> AsyncIterator[Kit]:
    kit = Kit(settings, database, topics)
    async with kit.exits:
        yield kit
