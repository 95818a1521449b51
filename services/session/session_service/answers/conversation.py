"""What is answered about messages."""

from datetime import datetime
from uuid import UUID

from chassis.http import Answer, Page


class MessageAnswer(Answer):
    """A message in its place in the conversation."""

    message_id: UUID
    position: int
    sender_id: UUID
    text: str
    sent_at: datetime


class MessagePage(Page):
    """Messages in order."""

    items: list[MessageAnswer]
