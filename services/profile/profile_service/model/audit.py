"""What is kept of every administrative change: who, what, before and after. Step 3 of the write path: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from chassis.auth import Caller

THIS_SERVICE = "profile"

SubjectKind = Literal["program", "skill", "person"]
State = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change, by a person or by a client program; `before` is None for what is new, `after` for what is gone."""

    action: str
    subject_kind: SubjectKind
    subject_id: UUID
    before: State
    after: State
    person_id: UUID | None = None
    client: str | None = None

    @classmethod
    def by(
        cls, caller: Caller | None, action: str, subject: tuple[SubjectKind, UUID], before: State, after: State
    ) -> "AuditEntry":
        """The entry for a caller's change, or for one that this service makes by itself."""
        person_id = caller.person_id if caller else None
        client = caller.subject if caller else THIS_SERVICE
        return cls(action, *subject, before, after, person_id, None if person_id else client)
