"""What may become of an HR event: applied, ignored because something newer is known, or refused by field. Pure."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID


class Refusal(Exception):
    """The event cannot be applied; the field that is wrong and why. `waits`: later events may make it right."""

    def __init__(self, field: str, reason: str, *, waits: bool = True) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.waits = waits


class Older(Exception):
    """Everything that the event says is overtaken by what is known."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one pushed event."""

    id: str | None
    outcome: Literal["applied", "ignored", "refused"]
    reason: str | None = None
    field: str | None = None
    person_id: UUID | None = None
    unit_id: UUID | None = None
    waits: bool = False
