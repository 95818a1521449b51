"""The rules of reporting a message. Step 3 of the write path; pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from chassis.problems import Conflict, Refused

ReportReason = Literal["harassment", "discrimination", "confidential", "unwanted", "other"]
Decision = Literal["upheld", "dismissed"]


def check_report(by: UUID, author_id: UUID) -> None:
    """Raise Refused unless this was written by the other."""
    if by == author_id:
        raise Refused("Report what the other wrote; your own message you may edit for 5 minutes.", field="message_id")


def check_decision(known: Decision | None, decision: Decision, decided_at: datetime | None) -> None:
    """Raise Conflict when it was decided otherwise before: a decision is kept."""
    if known and known != decision:
        raise Conflict(f"This report was {known} on {decided_at:%Y-%m-%d}, and stays so.")
