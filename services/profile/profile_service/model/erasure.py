"""The rules about forgetting a person, and what is left of one. Step 3 of the write path: pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from chassis.auth import Caller
from flash_schemas.erasure import ErasureReason, ErasureRequestedV1
from flash_schemas.profile import ProfileChangedV1
from flash_schemas.topics import SEGMENT_DAYS, Topic, load_topics

from profile_service.model.audit import AuditEntry
from profile_service.model.people import Person

NOTHING = "Erased"
"""What every text says of which an event must have one."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a service did; `confirmed_at` None while it has not."""

    service: str
    confirmed_at: datetime | None = None
    rows: int = 0
    documents: int = 0
    objects: int = 0
    dead_letters: int = 0


@dataclass(frozen=True, slots=True)
class Erasure:
    """A request to forget somebody, and how far it has come."""

    person_id: UUID
    reason: ErasureReason
    requested_at: datetime
    confirmed_at: datetime | None
    receipts: Sequence[Receipt]

    @property
    def topics_clear_by(self) -> datetime:
        """When no topic holds a former state any more, compaction being due and done; see `retention_days`."""
        return self.requested_at + timedelta(days=topic_days())


def emptied(person: Person, least_version: int = 1) -> Person:
    """What is left of a person: the id, at the next version. Made anew, so that no field can be forgotten.

    The place is the root, which is everybody's.
    """
    return Person(
        person_id=person.person_id,
        employee_number="",
        sequence=0,
        version=max(person.version + 1, least_version),
        name=NOTHING,
        job_title=NOTHING,
        job_level=1,
        location=NOTHING,
        unit_id=person.unit_path[0].unit_id,
        unit_path=person.unit_path[:1],
        status="left",
    )


def erasure_audited(caller: Caller | None, person_id: UUID, reason: ErasureReason) -> AuditEntry:
    """What the audit log keeps of a request: who made it, or the rule, and why; of the person the id."""
    return AuditEntry.by(caller, "person.erased", ("person", person_id), None, {"reason": reason})


@cache
def services_asked() -> tuple[str, ...]:
    """Who has to confirm: whoever reads the requests."""
    return _topic(ErasureRequestedV1.TOPIC).consumers


def all_confirmed(services: Collection[str]) -> bool:
    """Whether nobody is missing among those who confirmed."""
    return set(services) >= set(services_asked())


def topic_days() -> int:
    """Days after which a replaced state is gone from its topic: due for compaction, in a finished file, deleted."""
    return _topic(ProfileChangedV1.TOPIC).max_compaction_lag_days + SEGMENT_DAYS


def _topic(name: str) -> Topic:
    return next(topic for topic in load_topics() if topic.name == name)
