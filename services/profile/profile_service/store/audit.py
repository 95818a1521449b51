"""Step 4 of the write path: statements about the audit log, which is only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from profile_service.model import AuditEntry

ADD_ENTRY = """
INSERT INTO audit_entry (action, subject_kind, subject_id, before, after, person_id, client)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
LIST_ENTRIES = """
SELECT id, at, person_id, client, action, subject_kind, subject_id, before, after FROM audit_entry
WHERE ($1::bigint IS NULL OR id < $1) AND ($2::text IS NULL OR subject_kind = $2)
    AND ($3::uuid IS NULL OR subject_id = $3)
ORDER BY id DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An entry of the audit log, with its place in it."""

    id: int
    at: datetime
    person_id: UUID | None
    client: str | None
    action: str
    subject_kind: str
    subject_id: UUID
    before: dict[str, Any] | None
    after: dict[str, Any] | None


async def add_audit(transaction: Transaction, entry: AuditEntry) -> None:
    """Keep who changed what, with the change itself."""
    about = (entry.action, entry.subject_kind, entry.subject_id, entry.before, entry.after)
    await transaction.execute(ADD_ENTRY, *about, entry.person_id, entry.client)


async def audit_entries(
    transaction: Transaction, kind: str | None, subject_id: UUID | None, after: Sequence[Any] | None, limit: int
) -> list[KeptEntry]:
    """The log, newest first, after a cursor's (id)."""
    (before_id,) = after or (None,)
    return [KeptEntry(**row) for row in await transaction.fetch(LIST_ENTRIES, before_id, kind, subject_id, limit)]
