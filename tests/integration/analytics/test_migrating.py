"""A newer release has migrated the database, and processes of this one still run."""

from datetime import UTC, datetime
from uuid import uuid4

from analytics_service import store
from analytics_service.facts import Message, Session
from chassis.database import Database
from chassis.settings import Settings
from flash_local.databases import DatabaseUrls

from tests.support.apis import offline_settings
from tests.support.databases import add_column


async def test_facts_are_kept_in_tables_with_columns_of_a_newer_release(analytics_database: DatabaseUrls) -> None:
    await add_column(analytics_database, "session_fact", "message_fact")
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
