"""Step 1 of the write path: bodies that the HR platform sends."""

from typing import Annotated, Any

from chassis.http import Strict
from pydantic import Field

MAX_EVENTS = 10_000


class OrgEvents(Strict):
    """A push of the HR platform: events in the order in which they happened; each is judged by itself."""

    events: Annotated[list[Any], Field(min_length=1, max_length=MAX_EVENTS)]
