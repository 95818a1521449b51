"""The one-shot command that says everything once more: each person, program and skill as it is now."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from chassis.database import Transaction
from chassis.outbox import Outgoing
from chassis.republishing import republish as send_all
from chassis.runtime import Service

from profile_service import store
from profile_service.model import Person

LIMIT = 200


async def republish(service: Service, arguments: Sequence[str] = ()) -> int:
    """Send all there is with its present version; 0."""
    ArgumentParser("profile_service republish", description="Say everything once more.").parse_args(arguments)
    return await send_all(service.database, {"people": _people, "programs": _programs, "skills": _skills}, LIMIT)


async def _people(transaction: Transaction, after: UUID, limit: int) -> list[Outgoing]:
    people = cast("list[Person]", await store.lock_next(transaction, "person", after, limit))
    return [person.event("erased" if person.erased else "edited") for person in people]


async def _programs(transaction: Transaction, after: UUID, limit: int) -> list[Outgoing]:
    return [one.event("edited") for one in await store.lock_next(transaction, "program", after, limit)]


async def _skills(transaction: Transaction, after: UUID, limit: int) -> list[Outgoing]:
    await store.lock_vocabulary(transaction)
    return [one.event("edited") for one in await store.lock_next(transaction, "skill", after, limit)]
