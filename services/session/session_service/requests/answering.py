"""Step 1 of the write path: what an answer takes."""

from chassis.http import Strict

from session_service.model import DeclineReason


class DeclineBody(Strict):
    """Why not; nothing needs to be said."""

    reason: DeclineReason = "not_given"
