"""Aggregates of no business: rows with a version that say so through the outbox, as every service's commands do."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from chassis import outbox
from chassis.database import Transaction
from chassis.envelope import Envelope, from_headers, to_headers
from chassis.kafka import Record
from chassis.outbox import Outgoing
from flash_schemas.profile import SkillChangedV1

TOPIC = SkillChangedV1.TOPIC
TABLE = "CREATE TABLE aggregate (aggregate_id uuid PRIMARY KEY, version bigint NOT NULL)"
BUMP = """
INSERT INTO aggregate VALUES ($1, 1) ON CONFLICT (aggregate_id) DO UPDATE SET version = aggregate.version + 1
RETURNING version
"""


def an_event(aggregate_id: UUID | None = None, label: str = "Knitting") -> SkillChangedV1:
    """Any event; its topic is `TOPIC`."""
    return SkillChangedV1(skill_id=aggregate_id or uuid4(), change="edited", label=label)


async def change(transaction: Transaction, aggregate_id: UUID, label: str = "Knitting") -> int:
    """Change an aggregate and say so, in the caller's transaction; its new version."""
    version: int = await transaction.fetchval(BUMP, aggregate_id)
    await outbox.append(transaction, [Outgoing(an_event(aggregate_id, label), version)])
    return version


def a_record(event: SkillChangedV1 | None = None, version: int = 1, **attributes: Any) -> Record:
    """The Kafka record of an event as a relay makes it; `attributes` override the envelope's."""
    event = event or an_event()
    usual: dict[str, Any] = {
        "event_id": uuid4(),
        "type": event.TYPE,
        "source": "/services/test",
        "subject": event.aggregate_id,
        "time": datetime.now(UTC),
        "aggregate_version": version,
    }
    headers = to_headers(Envelope(**(usual | attributes)))
    return Record(TOPIC, str(event.aggregate_id).encode(), event.model_dump_json().encode(), headers)


def envelopes(records: Iterable[Any]) -> list[Envelope]:
    """What the headers of these records say."""
    return [from_headers(record.headers) for record in records]


def versions(records: Iterable[Any]) -> dict[UUID, list[int]]:
    """The versions of each aggregate in the order of the records, duplicates included."""
    found: dict[UUID, list[int]] = {}
    for envelope in envelopes(records):
        found.setdefault(envelope.subject, []).append(envelope.aggregate_version)
    return found
