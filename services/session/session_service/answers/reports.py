"""What is answered about reported messages: to who reported one, and to reviewers."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from chassis.http import Answer, Page

from session_service.model import Decision, ReportReason
from session_service.store import Report, View


class ReportAnswer(Answer):
    """That a message was reported, what was decided, and when the copy was deleted; not what it says."""

    report_id: UUID
    session_id: UUID
    message_id: UUID
    reporter_id: UUID
    author_id: UUID
    reason: ReportReason
    reported_at: datetime
    decision: Decision | None
    decided_at: datetime | None
    copy_deleted_at: datetime | None


class ReportPage(Page):
    """Reports, oldest first."""

    items: list[ReportAnswer]


class ViewItem(Answer):
    """Who looked at a reported message, and when."""

    reviewer_id: UUID
    viewed_at: datetime


class ViewPage(Page):
    """Everybody who looked, in order, and since when there is nothing to look at."""

    items: list[ViewItem]
    copy_deleted_at: datetime | None


class OpenedReport(ReportAnswer):
    """A reported message as it was at that moment, and who has looked at it, whoever asks now included."""

    text: str
    sent_at: datetime
    edited_at: datetime | None
    decided_by: UUID | None
    views: list[ViewItem]

    @classmethod
    def of(cls, report: Report, text: str, views: Sequence[View]) -> "OpenedReport":
        """The report with its copy opened."""
        return cls.model_validate({**asdict(report), "text": text, "views": [asdict(view) for view in views]})
