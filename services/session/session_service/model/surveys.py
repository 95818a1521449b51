"""The rules of the survey after a session, and of what owners see of it. Step 3 of the write path; pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from chassis.problems import Refused
from flash_schemas.profile import SurveyQuestion
from flash_schemas.session import FollowUpAnsweredV1, SurveyAnsweredV1

from session_service.model.session import Session, Step, WrongState, about, only

Helped = Literal["solved", "partly", "no"]
Used = Literal["yes", "partly", "no"]
BLIND_FOR = timedelta(days=7)
FOLLOW_UP_AFTER = timedelta(days=30)
SCALE = range(1, 6)
SMALLEST_GROUP = 5


@dataclass(frozen=True, slots=True)
class Taps:
    """What one side says of a session: did it help, how good was it, how many minutes did it save."""

    helped: Helped
    rating: int
    minutes_saved: int | None


def surveyed(session: Session, by: UUID, taps: Taps) -> Step:
    """One side answers. Raises WrongState, NotFound."""
    side = session.side_of(by)
    if session.state != "held":
        raise WrongState("The survey follows the session: say first that it was held.")
    moved = replace(session, version=session.version + 1)
    event = SurveyAnsweredV1(
        **about(session), side=side, helped=taps.helped, rating=taps.rating, minutes_saved=taps.minutes_saved
    )
    return Step(moved, (event,))


def shown_from(session: Session) -> datetime | None:
    """From when on each side sees the other's answer though their own is missing."""
    return session.ended_at + BLIND_FOR if session.ended_at and session.state == "held" else None


def other_is_shown(session: Session, answered: int, at: datetime) -> bool:
    """Whether each side may see the other's answer: once both have answered, or after 7 days."""
    opens_at = shown_from(session)
    return answered == 2 or (opens_at is not None and at >= opens_at)


def followed_up(session: Session, by: UUID, used: Used, at: datetime) -> Step:
    """The learner says, 30 days later, whether they used it. Raises WrongState, NotFound."""
    only(session, by, "learner")
    if session.state not in ("held", "solved") or session.ended_at is None:
        raise WrongState("This is asked of who was helped.")
    if at < session.ended_at + FOLLOW_UP_AFTER:
        raise WrongState("This is asked 30 days later.")
    moved = replace(session, version=session.version + 1)
    return Step(moved, (FollowUpAnsweredV1(**about(session), used=used),))


def check_answers(questions: Sequence[SurveyQuestion], answers: Sequence[tuple[UUID, str | int]]) -> None:
    """Raise Refused, naming the field, for an answer to what is not asked, or one that does not fit the question."""
    asked = {question.question_id: question for question in questions}
    for index, (question_id, answer) in enumerate(answers):
        question = asked.pop(question_id, None)
        if question is None:
            raise Refused("This is not asked, or twice answered.", field=f"answers[{index}].question_id")
        if not _fits(question, answer):
            raise Refused("This does not answer the question.", field=f"answers[{index}].answer")


def _fits(question: SurveyQuestion, answer: str | int) -> bool:
    if question.kind == "scale":
        return isinstance(answer, int) and answer in SCALE
    if question.kind == "choice":
        return answer in question.choices
    return isinstance(answer, str) and bool(answer.strip())


@dataclass(frozen=True, slots=True)
class Told:
    """All answers to one question, oldest first, and from how many people they are."""

    people: int
    answers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Result:
    """What owners see of a question: how often each choice or mark was given, or the texts, sorted."""

    question: SurveyQuestion
    answers: int
    counts: Mapping[str, int]
    texts: Sequence[str]


def result(question: SurveyQuestion, told: Told | None) -> Result | None:
    """What owners see of a question, None as long as it is about fewer than 5 people."""
    if told is None or told.people < SMALLEST_GROUP:
        return None
    if question.kind == "text":
        return Result(question, len(told.answers), {}, sorted(told.answers))
    counts = Counter(told.answers)
    possible = question.choices or tuple(map(str, SCALE))
    return Result(question, len(told.answers), {each: counts[each] for each in possible}, ())
