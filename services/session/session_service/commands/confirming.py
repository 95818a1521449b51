"""Step 2 of the write path: who did not confirm their skills for 180 days is asked whether they still hold.

That follows from the profile as it was last said, in the order in which it was said. A fact of its own about it could
come after the confirmation that it asks for.
"""

from datetime import UTC, datetime

from chassis.database import Database

from session_service import store
from session_service.model import holds_since
from session_service.notices.notice import Notice
from session_service.notices.telling import tell


async def ask_to_confirm(database: Database, limit: int) -> bool:
    """Ask the next people, each once for the same confirmation; True when there may be more."""
    today = datetime.now(UTC).date()
    async with database.transaction() as transaction:
        asked = await store.remind_unconfirmed(transaction, today, holds_since(today), limit)
        await tell(transaction, [Notice.of_confirming(*each) for each in asked.items()])
    return len(asked) == limit
