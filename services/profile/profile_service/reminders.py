"""The background half of step 2: who did not confirm their skills for 180 days is reminded, once in as many days.

The reminder stands in the person's own profile; mail is for the session service, which knows what each chose.
"""

from datetime import UTC, datetime

from chassis.database import Database

from profile_service import metrics, model, store


async def remind_some(database: Database, limit: int) -> bool:
    """Remind the next people; True when there may be more."""
    today = datetime.now(UTC).date()
    async with database.transaction() as transaction:
        reminded = await store.remind(transaction, today, model.stale_before(today), limit)
    metrics.REMINDERS.inc(reminded)
    return reminded == limit
