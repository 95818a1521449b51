"""What is answered about messages."""

from datetime import datetime
from uuid import UUID

from chassis.http import Answer, Page
from pydantic import computed_field

from session_service import model


class LinkAnswer(Answer):
    """A part of a text that leads somewhere: from `start` to before `end`, in characters (Unicode code points)."""

    start: int
    end: int
    url: str


class MessageAnswer(Answer):
    """A message in its place in the conversation: plain text, of which only `links` may be made into links."""

    message_id: UUID
    position: int
    sender_id: UUID
    text: str
    sent_at: datetime
    edited_at: datetime | None

    @computed_field
    def links(self) -> list[LinkAnswer]:
        """The http and https links of the text; nothing else in it is one."""
        return [LinkAnswer.model_validate(link) for link in model.links_of(self.text)]


class MessagePage(Page):
    """Messages in order, and up to which position each side has read (0: nothing yet)."""

    items: list[MessageAnswer]
    learner_read: int
    mentor_read: int
