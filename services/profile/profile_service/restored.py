"""The one-shot command for after a restore: people, programs and skills outrank again what the topics hold of them.

Whoever was made after the backup is nobody here. For the others such a person leaves, such a program is archived, and
such a skill retired. Whoever was forgotten after it is forgotten again before anything is said.
"""

from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

from chassis import outbox
from chassis.consumer import Delivery
from chassis.database import Transaction
from chassis.outbox import Outgoing
from chassis.restoring import Kind
from chassis.restoring import restored as mend
from chassis.runtime import Service
from chassis.topic_reader import read_topics
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.profile import ProfileChangedV1, ProgramChangedV1, SkillChangedV1

from profile_service import commands, store
from profile_service.model import Person

LIMIT = 200
OF_LEAVERS = {"person_id", "name", "job_title", "job_level", "location", "unit_path", "hired_on"}
"""What the event of somebody who left still says."""


async def restored(service: Service, arguments: Sequence[str] = ()) -> int:
    """Mend what diverges and report it; `--check` only reports."""
    return await mend(service, KINDS, LIMIT, arguments, first=forget_again)


async def forget_again(service: Service) -> None:
    """Empty everybody whom the topic asks to forget, so that nothing of them is said above their empty state, nor what
    waits in the restored outbox.

    Their version is that of the empty state then, or above it. Raises KafkaError, TimeoutError.
    """
    async for items in read_topics(service.settings, (ErasureRequestedV1.TOPIC,)):
        requests = [item.event for item in items if isinstance(item, Delivery)]
        async with service.database.transaction() as transaction:
            for request in requests:
                if isinstance(request, ErasureRequestedV1):
                    await commands.erase_again(transaction, request)
                    former = (ProfileChangedV1.TOPIC, request.person_id, request.profile_version)
                    await outbox.forget(transaction, *former)


async def _people(transaction: Transaction, published: Mapping[UUID, int]) -> list[Outgoing]:
    people = cast("list[Person]", await store.outrank(transaction, "person", published))
    return [person.event("erased" if person.erased else "edited") for person in people]


async def _programs(transaction: Transaction, published: Mapping[UUID, int]) -> list[Outgoing]:
    await store.lock_organisation(transaction)
    return [one.event("edited") for one in await store.outrank(transaction, "program", published)]


async def _skills(transaction: Transaction, published: Mapping[UUID, int]) -> list[Outgoing]:
    await store.lock_vocabulary(transaction)
    return [one.event("edited") for one in await store.outrank(transaction, "skill", published)]


def left(told: Sequence[Delivery]) -> ProfileChangedV1 | None:
    """That somebody of whom this was told has left; None when they had."""
    newest = told[-1].event
    if not isinstance(newest, ProfileChangedV1) or newest.status == "left":
        return None
    kept = newest.model_dump(include=OF_LEAVERS)
    return ProfileChangedV1.model_validate({**kept, "change": "hr_left", "status": "left"})


def archived(told: Sequence[Delivery]) -> ProgramChangedV1 | None:
    """That a program of which this was told is over; None when it was."""
    newest = told[-1].event
    if not isinstance(newest, ProgramChangedV1) or newest.status == "archived":
        return None
    return newest.model_copy(update={"change": "archived", "status": "archived"})


def retired(told: Sequence[Delivery]) -> SkillChangedV1 | None:
    """That a skill of which this was told is used no more, nor stands for another; None when it was not."""
    newest = told[-1].event
    if not isinstance(newest, SkillChangedV1) or (newest.retired and newest.merged_into is None):
        return None
    return newest.model_copy(update={"change": "retired", "retired": True, "merged_into": None})


KINDS = (
    Kind("people", (ProfileChangedV1.TOPIC,), store.KEPT["person"], _people, ending=left),
    Kind("programs", (ProgramChangedV1.TOPIC,), store.KEPT["program"], _programs, ending=archived),
    Kind("skills", (SkillChangedV1.TOPIC,), store.KEPT["skill"], _skills, ending=retired),
)
