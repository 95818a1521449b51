"""What is answered about calls to everybody who knows a skill."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from chassis.http import Answer, Page
from flash_schemas.session import Format


class OpenCallAnswer(Answer):
    """A call with its need card; `taken_session_id` is the session that came of it."""

    call_id: UUID
    program_id: UUID
    learner_id: UUID
    skill_id: UUID
    state: Literal["open", "taken", "closed"]
    created_at: datetime
    expires_at: datetime
    taken_session_id: UUID | None
    want_to_learn: str
    tried: str
    format: Format
    minutes: int
    by_when: date | None


class OpenCallPage(Page):
    """At most 50 calls."""

    items: list[OpenCallAnswer]
