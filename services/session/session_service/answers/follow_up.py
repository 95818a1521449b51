"""What is answered about relationships."""

from datetime import datetime
from uuid import UUID

from chassis.http import Answer, Page


class RelationshipItem(Answer):
    """Somebody whom both wished to meet again."""

    person_id: UUID
    program_id: UUID
    made_at: datetime


class RelationshipPage(Page):
    """Relationships, newest first; at most 500."""

    items: list[RelationshipItem]
