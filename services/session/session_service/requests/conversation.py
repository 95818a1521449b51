"""Step 1 of the write path: what a message takes."""

from typing import Annotated
from uuid import UUID

from chassis.http import Strict
from pydantic import Field

MessageText = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]


class MessageBody(Strict):
    """A message. With an id of its own, or an Idempotency-Key, sending it again sends nothing twice."""

    message_id: UUID | None = None
    text: MessageText


class EditBody(Strict):
    """A message as it reads from now on."""

    text: MessageText


class ReadBody(Strict):
    """The position of the last message that was read."""

    position: Annotated[int, Field(ge=1, le=2**31 - 1)]
