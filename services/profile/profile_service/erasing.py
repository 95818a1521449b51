"""The background half of forgetting: leavers whose time is over, topics that must let go, and how long it takes."""

from uuid import UUID

from chassis import outbox
from chassis.database import Database
from flash_schemas.topics import SEGMENT_DAYS

from profile_service import commands, metrics, store

ROUND_PEOPLE = 50


async def erase_some(database: Database, leavers_after_days: int) -> bool:
    """One round; True when more leavers may be due. 0 days: leavers are kept until somebody asks."""
    async with database.transaction() as transaction:
        await store.note_leavers(transaction)
    async with database.connection() as connection:
        due = await store.due_leavers(connection, leavers_after_days, ROUND_PEOPLE) if leavers_after_days else []
    for person_id in due:
        await commands.erase_leaver(database, person_id)
    await _say_again(database)
    await _measure(database)
    return len(due) == ROUND_PEOPLE


async def erased_objects(database: Database, person_id: UUID) -> int:
    """For the receipt: how many files of somebody were removed."""
    async with database.connection() as connection:
        return await store.erased_objects(connection, person_id)


async def _say_again(database: Database) -> None:
    """Once more the empty state, a day later: at this record its topic begins a new file, and compacts the former."""
    async with database.connection() as connection:
        due = await store.to_say_again(connection, SEGMENT_DAYS, ROUND_PEOPLE)
    for person_id in due:
        async with database.transaction() as transaction:
            if person := await store.lock_person(transaction, person_id):
                await outbox.append(transaction, [person.event("erased")])
            await store.mark_said_again(transaction, person_id)


async def _measure(database: Database) -> None:
    async with database.connection() as connection:
        people, oldest_s = await store.unconfirmed_erasures(connection)
    metrics.ERASURES_UNCONFIRMED.set(people)
    metrics.ERASURE_OLDEST.set(oldest_s)
