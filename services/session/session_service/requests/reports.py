"""Step 1 of the write path: what reporting a message and deciding on it take."""

from chassis.http import Strict

from session_service.model import Decision, ReportReason


class ReportBody(Strict):
    """Why a message is reported."""

    reason: ReportReason


class DecisionBody(Strict):
    """What a reviewer decided."""

    decision: Decision
