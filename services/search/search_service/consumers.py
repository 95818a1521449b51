"""Step 6 of the data's way: events of the other services become the projection, whatever order or repetition."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.consumer import Consumer, Delivery
from chassis.database import Transaction
from chassis.erasing import note_last_states
from flash_schemas.profile import ProfileChangedV1, ProgramChangedV1, SkillChangedV1
from flash_schemas.session import AvailabilityChangedV1

from search_service import store
from search_service.blocks import blocks
from search_service.unlinked import name_words

NOT_SEARCHED: Any = {
    **dict.fromkeys(("change", "time_zone", "hired_on", "email"), True),
    **dict.fromkeys(("preferred_formats", "preferred_minutes", "photo_version"), True),
    "skills": {"__all__": {"evidence", "typed_evidence", "provenance"}},
}
"""What search does not keep of a profile."""
SKILL_COLUMNS = {"skill_id", "label", "aliases", "broader_id", "retired", "merged_into"}


def consumers() -> list[Consumer]:
    """One reader a topic, so that a burst of one kind does not hold up another."""
    return [
        Consumer("people", (ProfileChangedV1.TOPIC,), take_profiles),
        Consumer("availability", (AvailabilityChangedV1.TOPIC,), take_availability),
        blocks(),
        Consumer("programs", (ProgramChangedV1.TOPIC,), take_programs),
        Consumer("skills", (SkillChangedV1.TOPIC,), take_skills),
    ]


async def take_profiles(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keep the newest profile of each person, and the names of their units."""
    newest = _newest(deliveries)
    rows = [
        {
            "person_id": person_id,
            "profile": _profile(delivery.event),
            "profile_version": _version(delivery),
            "name_words": _name_words(delivery.event),
        }
        for person_id, delivery in newest.items()
    ]
    await store.keep_profiles(transaction, rows)
    await store.keep_units(transaction, _unit_names(newest.values()))
    await note_last_states(transaction, deliveries)


async def take_availability(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keep what each mentor can still take."""
    rows = [
        {
            "person_id": person_id,
            "availability": delivery.event.model_dump(mode="json"),
            "availability_version": _version(delivery),
        }
        for person_id, delivery in _newest(deliveries).items()
    ]
    await store.keep_availability(transaction, rows)


async def take_programs(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keep which fields each program offers, and who owns it."""
    rows = [
        {"program_id": program_id, "version": _version(delivery), "body": delivery.event.model_dump(mode="json")}
        for program_id, delivery in _newest(deliveries).items()
    ]
    await store.keep_programs(transaction, rows)


async def take_skills(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keep the names of skills, and what is broader."""
    rows = [
        {**delivery.event.model_dump(mode="json", include=SKILL_COLUMNS), "version": _version(delivery)}
        for delivery in _newest(deliveries).values()
    ]
    await store.keep_skills(transaction, rows)


def _newest(deliveries: Sequence[Delivery]) -> dict[UUID, Delivery]:
    """The delivery with the highest version of each aggregate."""
    return {delivery.event.aggregate_id: delivery for delivery in sorted(deliveries, key=_version)}


def _version(delivery: Delivery) -> int:
    return delivery.envelope.aggregate_version


def _profile(event: object) -> dict[str, object]:
    """What search needs of a profile; of somebody who left, that they did."""
    assert isinstance(event, ProfileChangedV1), "the topic holds nothing else"
    if event.status == "left":
        return {"status": "left", "participations": []}
    return event.model_dump(mode="json", exclude=NOT_SEARCHED)


def _name_words(event: object) -> list[str]:
    """What says that searched words are somebody's name; of somebody who left, nothing."""
    assert isinstance(event, ProfileChangedV1), "the topic holds nothing else"
    return [] if event.status == "left" else name_words(event.name)


def _unit_names(deliveries: Iterable[Delivery]) -> dict[UUID, tuple[str, datetime]]:
    names: dict[UUID, tuple[str, datetime]] = {}
    for delivery in sorted(deliveries, key=lambda delivery: delivery.envelope.time):
        assert isinstance(delivery.event, ProfileChangedV1), "the topic holds nothing else"
        for unit in delivery.event.unit_path:
            names[unit.unit_id] = (unit.name, delivery.envelope.time)
    return names
