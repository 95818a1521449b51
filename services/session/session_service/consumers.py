"""Step 6 of the data's way: who takes part in what, the programs' limits, and merged skills, as needed here."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from chassis.consumer import Consumer, Delivery
from chassis.database import Transaction
from chassis.erasing import note_last_states
from flash_schemas.profile import ProfileChangedV1, ProgramChangedV1, SkillChangedV1

from session_service import store
from session_service.model import holds_since
from session_service.notices.notice import Notice
from session_service.notices.telling import tell


def consumers() -> list[Consumer]:
    """One reader a topic."""
    return [
        Consumer("people", (ProfileChangedV1.TOPIC,), take_people),
        Consumer("programs", (ProgramChangedV1.TOPIC,), take_programs),
        Consumer("skills", (SkillChangedV1.TOPIC,), take_skills),
    ]


async def take_people(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keep status, roles, pauses and how to reach people; whoever changed has their open sessions looked at.

    Who has confirmed their skills is not asked to any more.
    """
    newest = _newest(deliveries).values()
    changed = await store.keep_people(transaction, [_person(delivery) for delivery in newest])
    await store.keep_contacts(transaction, [_contact(delivery) for delivery in newest])
    await store.see_confirmed(transaction, changed, holds_since(datetime.now(UTC).date()))
    await store.add_departures(transaction, changed)
    await note_last_states(transaction, deliveries)


async def take_programs(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keep the limits of asking, the owners, and what they ask after a session; nobody waits in one that has ended."""
    rows = [_program(delivery) for delivery in _newest(deliveries).values()]
    ended = await store.keep_programs(transaction, rows)
    await tell(transaction, [Notice.of_call(call) for call in await store.close_calls_in(transaction, ended)])
    await store.add_departures_from(transaction, ended)


async def take_skills(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keep which skill replaces which."""
    await store.keep_skills(transaction, [_skill(delivery) for delivery in _newest(deliveries).values()])


def _person(delivery: Delivery) -> dict[str, object]:
    event = cast("ProfileChangedV1", delivery.event)
    return {
        "person_id": event.person_id,
        "version": delivery.envelope.aggregate_version,
        "status": event.status,
        "participations": {str(part.program_id): part.roles for part in event.participations},
        "skill_ids": sorted({str(skill.skill_id) for skill in event.skills}),
        "oldest_confirmation": min((skill.confirmed_on for skill in event.skills), default=None),
        "pauses": {str(part.program_id): part.paused_until for part in event.participations if part.paused_until},
    }


def _contact(delivery: Delivery) -> dict[str, object]:
    """Who somebody is and how to reach them; of somebody who left, that there is nothing to reach."""
    event = cast("ProfileChangedV1", delivery.event)
    here = event.status != "left"
    return {
        "person_id": event.person_id,
        "version": delivery.envelope.aggregate_version,
        "name": event.name if here else None,
        "email": event.email,
        "languages": event.languages if here else (),
        "time_zone": event.time_zone,
    }


def _program(delivery: Delivery) -> dict[str, object]:
    event = cast("ProgramChangedV1", delivery.event)
    return {
        "program_id": event.program_id,
        "version": delivery.envelope.aggregate_version,
        "status": event.status,
        "policy": event.request_policy.model_dump(mode="json"),
        "owners": event.owners,
        "survey_questions": [question.model_dump(mode="json") for question in event.survey_questions],
    }


def _skill(delivery: Delivery) -> dict[str, object]:
    event, version = cast("SkillChangedV1", delivery.event), delivery.envelope.aggregate_version
    return {"skill_id": event.skill_id, "version": version, "merged_into": event.merged_into}


def _newest(deliveries: Sequence[Delivery]) -> dict[UUID, Delivery]:
    """The delivery with the highest version of each aggregate."""
    ordered = sorted(deliveries, key=lambda delivery: delivery.envelope.aggregate_version)
    return {delivery.event.aggregate_id: delivery for delivery in ordered}
