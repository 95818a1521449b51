"""Engines, databases and topics for one benchmark, and the events it works on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid4

from chassis.database import Database
from flash_local.engines.every import Engines
from flash_local.topics import create_topics, delete_topics
from flash_schemas.profile import Participation, ProfileChangedV1, Skill, UnitRef
from search_service.settings import Settings

from tests.support.apis import offline_settings
from tests.support.databases import drop_database, fresh_database

TODAY = datetime.now(UTC).date()
UNITS = tuple(UnitRef(unit_id=uuid4(), name=f"Unit {number}") for number in range(50))
SKILLS = tuple(uuid4() for _ in range(300))


@asynccontextmanager
async def database_of(engines: Engines, service: str) -> AsyncIterator[tuple[Database, dict[str, Any]]]:
    """A fresh database of a service with its topics, and the settings that lead to both."""
    urls, prefix = await fresh_database(engines.postgres_url, service), f"b{token_hex(4)}-"
    await create_topics(engines.kafka_bootstrap, prefix)
    values = {
        **offline_settings(urls.app),
        "kafka_bootstrap": engines.kafka_bootstrap,
        "topic_prefix": prefix,
        "opensearch_url": engines.opensearch_url,
    }
    database = Database(Settings(**values))
    await database.open()
    try:
        yield database, values
    finally:
        await database.close()
        await drop_database(engines.postgres_url, urls)
        await delete_topics(engines.kafka_bootstrap, prefix)


def person(program_id: UUID, number: int, random: Random) -> ProfileChangedV1:
    """A mentor with a handful of skills."""
    return ProfileChangedV1(
        person_id=uuid4(),
        change="edited",
        name=f"Person {number}",
        job_title=random.choice(("Engineer", "Analyst", "Consultant")),
        job_level=random.randint(1, 12),
        location=random.choice(("Berlin", "Lisbon", "Singapore")),
        unit_path=(UNITS[0], random.choice(UNITS)),
        status="active",
        bio=f"Works on project {random.randint(1, 500)} and likes to help",
        can_help_with=(f"Topic {random.randint(1, 500)}",),
        skills=tuple(_skill(skill_id, random) for skill_id in random.sample(SKILLS, 8)),
        participations=(Participation(program_id=program_id, roles=("mentor",)),),
    )


def _skill(skill_id: UUID, random: Random) -> Skill:
    return Skill(skill_id=skill_id, level=random.randint(1, 5), confirmed_on=TODAY)
