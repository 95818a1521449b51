"""Step 1 of the write path: what an answer takes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from chassis.http import Strict
from flash_schemas.session import Format
from pydantic import AwareDatetime, Field

from session_service.model import DeclineReason, Proposal
from session_service.requests.conversation import MessageText

Times = Annotated[tuple[AwareDatetime, ...], Field(max_length=3)]


class AcceptBody(Strict):
    """Up to three times that suit; none is "let us chat"."""

    times: Times = ()


class DeclineBody(Strict):
    """Why not, whom else to ask, and a pause from this moment on; nothing needs to be said."""

    reason: DeclineReason = "not_given"
    suggested_id: UUID | None = None
    pause_until: date | None = None


class InformationBody(Strict):
    """What the mentor wants to know first; it becomes a message."""

    text: MessageText


class ProposalBody(Strict):
    """What the mentor would rather do."""

    format: Format | None = None
    minutes: Annotated[int, Field(ge=5, le=240)] | None = None
    times: Times = ()

    @property
    def proposal(self) -> Proposal:
        """The same as the model takes it."""
        return Proposal(self.format, self.minutes, self.times)


class AgreementBody(Strict):
    """Whether the learner takes what was proposed."""

    agreed: bool
