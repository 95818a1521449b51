"""What is answered to who is about to ask: drafts, and what to expect."""

from datetime import date, datetime
from uuid import UUID

from chassis.http import Answer, Page
from flash_schemas.session import AnswerTimeBand, Format

from session_service.model import Draft


class DraftAnswer(Answer):
    """A request that is not yet sent; missing is what its learner has not said yet."""

    draft_id: UUID
    version: int
    changed_at: datetime
    program_id: UUID | None
    mentor_id: UUID | None
    skill_id: UUID | None
    want_to_learn: str
    tried: str
    message: str
    format: Format | None
    minutes: int | None
    by_when: date | None
    formal_goal: dict[str, str] | None

    @classmethod
    def of(cls, draft: Draft) -> "DraftAnswer":
        """The draft with what is known of it."""
        about = {"draft_id": draft.draft_id, "version": draft.version, "changed_at": draft.changed_at}
        return cls.model_validate({**draft.card, **about})


class DraftPage(Page):
    """Drafts, newest first; there are never more than one page."""

    items: list[DraftAnswer]


class ExpectationAnswer(Answer):
    """What a mentor did so far; `slots_left` is for `month`, `helped` counts needs on the skill that was named."""

    person_id: UUID
    takes_requests: bool
    answer_time_band: AnswerTimeBand
    month: str
    slots_left: int
    helped: int
