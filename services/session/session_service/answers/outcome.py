"""What is answered about whether the two met."""

from chassis.http import Answer

from session_service.model import Statement


class StatementsAnswer(Answer):
    """What each of the two said; null is nothing so far."""

    learner: Statement | None = None
    mentor: Statement | None = None
