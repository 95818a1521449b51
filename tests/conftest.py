"""What every test may ask for: real engines, a migrated database of its own, and topics of its own.

Engines come from FLASH_TEST_POSTGRES_URL, FLASH_TEST_KAFKA and FLASH_TEST_OPENSEARCH, or are started once for the
whole run and stopped at its end. Every test's databases and topics have random names, so tests run in any order
and side by side.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from secrets import token_hex

import pytest
import structlog
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines
from flash_local.topics import create_topics, delete_topics
from structlog.dev import plain_traceback as plain

from tests.support import engines as shared
from tests.support.databases import drop_database, fresh_database

TEST_PARTITIONS = 2

MakeDatabase = Callable[[str], Awaitable[DatabaseUrls]]


def pytest_configure(config: pytest.Config) -> None:
    """The first process of a run opens the folder that its workers share; logged errors are printed plainly."""
    structlog.configure([structlog.processors.add_log_level, structlog.dev.ConsoleRenderer(exception_formatter=plain)])
    shared.open_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """And closes it again, which ends the engines."""
    shared.close_folder()


@pytest.fixture(scope="session")
def engines() -> Engines:
    """Addresses of running engines: `postgres_url` (superuser), `kafka_bootstrap`, `opensearch_url`."""
    return shared.given() or shared.running()


@pytest.fixture
async def make_database(engines: Engines) -> AsyncIterator[MakeDatabase]:
    """`await make_database("profile")`: a fresh, migrated database of that service; dropped after the test."""
    made: list[DatabaseUrls] = []

    async def make(service: str) -> DatabaseUrls:
        made.append(await fresh_database(engines.postgres_url, service))
        return made[-1]

    yield make
    for urls in made:
        await drop_database(engines.postgres_url, urls)


@pytest.fixture
async def chassis_database(make_database: MakeDatabase) -> DatabaseUrls:
    """A fresh database with the tables that every service has, and no others."""
    return await make_database("chassis")


@pytest.fixture
async def profile_database(make_database: MakeDatabase) -> DatabaseUrls:
    """A fresh database of the profile service."""
    return await make_database("profile")


@pytest.fixture
async def search_database(make_database: MakeDatabase) -> DatabaseUrls:
    """A fresh database of the search service."""
    return await make_database("search")


@pytest.fixture
async def session_database(make_database: MakeDatabase) -> DatabaseUrls:
    """A fresh database of the session service."""
    return await make_database("session")


@pytest.fixture
async def analytics_database(make_database: MakeDatabase) -> DatabaseUrls:
    """A fresh database of the analytics service."""
    return await make_database("analytics")


@pytest.fixture
async def topic_prefix(engines: Engines) -> AsyncIterator[str]:
    """A prefix under which all topics exist, empty, for this test alone (setting `topic_prefix`)."""
    prefix = f"t{token_hex(6)}-"
    await create_topics(engines.kafka_bootstrap, prefix, partitions=TEST_PARTITIONS)
    yield prefix
    await delete_topics(engines.kafka_bootstrap, prefix)
