"""A newer release has migrated the database, and consumers of this one still run: no good event is set aside."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
from analytics_service import store
from analytics_service.facts import Message, Session
from chassis.consumer import Delivery
from chassis.database import Database, Transaction
from chassis.settings import Settings
from flash_local.databases import DatabaseUrls

from tests.support.apis import offline_settings
from tests.support.consumers import HANDLE, Kit


@pytest.mark.parametrize("given_back", ["*", "handled"], ids=["its columns", "a row as one value"])
async def test_a_table_that_gets_a_column_under_a_consumer_parks_nothing(
    kit: Kit, chassis_database: DatabaseUrls, given_back: str
) -> None:
    async def take(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            about = delivery.envelope
            statement = f"{HANDLE} RETURNING {given_back}"
            assert await transaction.fetch(statement, about.event_id, about.subject, about.aggregate_version)

    await kit.start(kit.component(take))
    sent = await kit.send(1)
    await kit.all_handled(sent)
    await alter(chassis_database, "handled")
    sent += await kit.send(1)
    await kit.all_handled(sent)
    assert await kit.parked() == []


async def test_facts_are_kept_in_tables_with_columns_of_a_newer_release(analytics_database: DatabaseUrls) -> None:
    await alter(analytics_database, "session_fact", "message_fact")
    program_id = uuid4()
    session = Session(uuid4(), program_id, uuid4(), uuid4())
    message = Message(uuid4(), program_id, uuid4(), uuid4(), datetime.now(UTC))
    database = Database(Settings(**offline_settings(analytics_database.app)))
    await database.open()
    try:
        async with database.transaction() as transaction:
            assert await store.merge(transaction, Session, [session]) == [(None, session)]
            assert await store.merge(transaction, Session, [session]) == [(session, session)]
            assert await store.insert(transaction, Message, [message]) == [message]
            assert [fact async for fact in store.all_facts(transaction, program_id, 10)] == [session, message]
    finally:
        await database.close()


async def alter(database: DatabaseUrls, *tables: str) -> None:
    owner = await asyncpg.connect(database.owner)
    try:
        for table in tables:
            await owner.execute(f"ALTER TABLE {table} ADD COLUMN from_the_future text")
    finally:
        await owner.close()
