"""What is answered about blocks, to the blocker alone."""

from datetime import datetime
from uuid import UUID

from chassis.http import Answer, Page


class BlockItem(Answer):
    """Somebody whom the caller blocked."""

    person_id: UUID
    blocked_at: datetime


class BlockPage(Page):
    """Everybody whom the caller blocked, newest first; at most 1,000."""

    items: list[BlockItem]
