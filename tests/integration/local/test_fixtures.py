"""The fixtures that other tests stand on."""

from secrets import token_hex

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from flash_local.databases import DatabaseUrls, create_database
from flash_local.engines.every import Engines

from tests.conftest import TEST_PARTITIONS
from tests.support.databases import drop_database


async def test_a_fresh_database_has_the_chassis_tables_and_nobody_elses_rows(chassis_database: DatabaseUrls) -> None:
    connection = await asyncpg.connect(chassis_database.app)
    assert await connection.fetchval("SELECT count(*) FROM outbox") == 0
    await connection.close()


async def test_the_service_may_not_change_its_tables(chassis_database: DatabaseUrls) -> None:
    connection = await asyncpg.connect(chassis_database.app)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE mine (id int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DROP TABLE outbox")
    await connection.close()


async def test_no_service_may_enter_the_database_of_another(engines: Engines, chassis_database: DatabaseUrls) -> None:
    own = await create_database(engines.postgres_url, "other", f"test_other_{token_hex(6)}")
    await (await asyncpg.connect(own.app)).close()
    foreign = chassis_database.app.replace("//chassis@", "//other@")
    assert foreign != chassis_database.app
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(foreign)
    await drop_database(engines.postgres_url, own)


async def test_topics_exist_under_a_prefix_of_ones_own(engines: Engines, topic_prefix: str) -> None:
    topic = f"{topic_prefix}profile-events"
    async with AIOKafkaProducer(bootstrap_servers=engines.kafka_bootstrap) as producer:
        await producer.send_and_wait(topic, b"hello", key=b"k")
    async with AIOKafkaConsumer(topic, bootstrap_servers=engines.kafka_bootstrap, auto_offset_reset="earliest") as read:
        record = await read.getone()
        assert record.value == b"hello"
        assert len(read.partitions_for_topic(topic)) == TEST_PARTITIONS
