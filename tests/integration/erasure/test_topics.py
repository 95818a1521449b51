"""What a newer state replaced leaves its topic: with the settings of the platform in days, here in moments."""

from collections.abc import AsyncIterator
from secrets import token_hex
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from chassis.kafka import Record
from flash_local.engines.every import Engines
from flash_schemas.profile import ProfileChangedV1
from flash_schemas.topics import load_topics
from profile_service.model.erasure import topic_days
from profile_service.settings import Settings

from tests.support.apis import offline_settings
from tests.support.topics import Topics
from tests.support.waiting import eventually

DAY_MS = 24 * 60 * 60 * 1000
# A day is a tenth of a second; the broker looks every 15 s for something to compact.
IN_MOMENTS = {"cleanup.policy": "compact", "segment.ms": "100", "min.compaction.lag.ms": "700"}
IN_MOMENTS |= {"max.compaction.lag.ms": "800", "min.cleanable.dirty.ratio": "0.99", "file.delete.delay.ms": "100"}


@pytest.fixture
async def admin(engines: Engines) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=engines.kafka_bootstrap)
    await client.start()
    yield client
    await client.close()


@pytest.mark.timeout(180)
async def test_a_former_state_is_gone_after_compaction_once_the_empty_one_was_said_twice(
    engines: Engines, admin: AIOKafkaAdminClient
) -> None:
    prefix = f"t{token_hex(6)}-"
    name = f"{prefix}profile-events"
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs=IN_MOMENTS)])
    settings = {**offline_settings("postgresql://nobody@127.0.0.1:1/none"), "kafka_bootstrap": engines.kafka_bootstrap}
    topics, key = Topics(Settings(**settings, topic_prefix=prefix)), str(uuid4()).encode()
    try:
        await topics.send(Record("profile-events", key, b"Nadia", []), Record("profile-events", key, b"Erased", []))

        async def said_again() -> bool:
            """Each time the topic may begin a new file; a file that is being written is not compacted."""
            await topics.send(Record("profile-events", key, b"Erased", []))
            values = [record.value for record in await topics.read("profile-events")]
            assert b"Erased" in values
            return b"Nadia" not in values

        await eventually(said_again, 120)
    finally:
        await topics.close()
        await admin.delete_topics([name])


async def test_topics_are_made_so_that_former_states_go_within_the_stated_days(
    admin: AIOKafkaAdminClient, topic_prefix: str
) -> None:
    name = topic_prefix + ProfileChangedV1.TOPIC

    async def described() -> dict[str, str]:
        """Nothing as long as the broker does not know the new topic itself: its controller made it."""
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
        return {entry[0]: entry[1] for entry in answer.resources[0][4]}

    values = await eventually(described)
    file_days, least, most = (
        int(values[key]) / DAY_MS for key in ("segment.ms", "min.compaction.lag.ms", "max.compaction.lag.ms")
    )
    assert (file_days, least, most) == (1, 7, 8)
    assert topic_days() >= most + file_days
    assert topic_days() == 9


def test_personal_data_travels_on_topics_that_forget() -> None:
    """It keeps the last state only; whatever keeps more keeps it for a time."""
    kept_for_ever = {topic.name for topic in load_topics() if topic.cleanup_policy == "compact"}
    assert "profile-events" in kept_for_ever
    assert all(topic.retention_days for topic in load_topics() if topic.name not in kept_for_ever)
