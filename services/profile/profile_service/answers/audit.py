"""What auditors are answered: who changed what, with the state before and after."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.http import Answer, Page


class AuditItem(Answer):
    """One administrative change, by a person or by a client; `before` is null for what is new."""

    id: int
    at: datetime
    person_id: UUID | None
    client: str | None
    action: str
    subject_kind: str
    subject_id: UUID
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditPage(Page):
    """Changes, newest first."""

    items: list[AuditItem]
