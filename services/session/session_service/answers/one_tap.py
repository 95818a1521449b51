"""What is answered to a tap on a link, by whoever holds the link: no name, and nothing that anybody wrote."""

from datetime import datetime
from typing import Literal

from chassis.http import Answer
from flash_schemas.session import Format

from session_service.model import State


class OneTapAnswer(Answer):
    """The action of a link, whether it can still be taken, and the request that it is about, if it is about one."""

    action: Literal["accept", "decline", "return"]
    possible: bool
    state: State | None = None
    format: Format | None = None
    minutes: int | None = None
    expires_at: datetime | None = None
