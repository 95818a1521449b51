"""What is answered about surveys: to the two of a session, and to the owners of a program."""

from datetime import datetime
from uuid import UUID

from chassis.http import Answer
from flash_schemas.profile import QuestionKind, SurveyQuestion

from session_service.model import Helped, Result


class TapsAnswer(Answer):
    """What one side said of the session."""

    helped: Helped
    rating: int
    minutes_saved: int | None


class SurveyAnswer(Answer):
    """The survey of a session for one of the two; `other` is there once both answered, or from `shown_from` on."""

    own: TapsAnswer | None
    other: TapsAnswer | None
    shown_from: datetime | None
    questions: list[SurveyQuestion]


class QuestionResult(Answer):
    """What was answered to one question, without who did; nothing until at least 5 people did, and in steps of 5."""

    question_id: UUID
    kind: QuestionKind
    text: str
    state: str
    answers: int | None = None
    counts: dict[str, int] | None = None
    texts: list[str] | None = None

    @classmethod
    def of(cls, question: SurveyQuestion, result: Result | None) -> "QuestionResult":
        """The question with what may be shown."""
        about = {"question_id": question.question_id, "kind": question.kind, "text": question.text}
        if result is None:
            return cls(**about, state="suppressed")
        counts, texts = (None, list(result.texts)) if question.kind == "text" else (dict(result.counts), None)
        return cls(**about, state="value", answers=result.answers, counts=counts, texts=texts)


class SurveyResults(Answer):
    """What was answered to each present question of a program."""

    questions: list[QuestionResult]
