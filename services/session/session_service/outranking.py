"""Step 4 of the write path after a restore: where versions are kept that must be above what the topics hold."""

from collections.abc import Collection
from uuid import UUID

from chassis.comparison import Versions
from chassis.database import Transaction

MAKE_AVAILABILITY = """
INSERT INTO availability (person_id) SELECT unnest($1::uuid[]) AS id ORDER BY id ON CONFLICT DO NOTHING
"""

AVAILABILITY = Versions("availability", "person_id", "version")
SESSIONS = Versions("session", "session_id", "version")
MESSAGES = Versions("message", "message_id", "position")
"""A message never changes; its position stands in for a version that nobody compares."""


async def make_availability(transaction: Transaction, person_ids: Collection[UUID]) -> None:
    """Have a row for each of these mentors, as if they had never said what they take."""
    await transaction.execute(MAKE_AVAILABILITY, list(person_ids))
