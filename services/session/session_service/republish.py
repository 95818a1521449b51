"""The one-shot command that says once more what each mentor can take now. Sessions are steps, not states: they are not
said again.
"""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Transaction
from chassis.outbox import Outgoing
from chassis.republishing import republish as send_all
from chassis.runtime import Service

from session_service import commands, store

LIMIT = 200


async def republish(service: Service, arguments: Sequence[str] = ()) -> int:
    """Send every availability that was ever said, with its present version, and every block list; 0."""
    parser = ArgumentParser("session_service republish", description="Say again what each mentor can take.")
    parser.parse_args(arguments)
    await commands.say_blocks_again(service.database)
    return await send_all(service.database, {"availability": _availability}, LIMIT)


async def _availability(transaction: Transaction, after: UUID, limit: int) -> list[Outgoing]:
    at = datetime.now(UTC)
    mentors = await store.lock_next_availability(transaction, after, limit)
    present = [await store.availability(transaction, mentor_id, at) for mentor_id in mentors]
    return [each.event(await store.slot_limit(transaction, each.person_id)) for each in present]
