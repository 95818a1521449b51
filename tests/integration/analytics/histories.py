"""Event histories as hypothesis draws them, and what they add up to when one simply counts the distinct events."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from chassis.consumer import Delivery
from flash_schemas import session as said
from flash_schemas.base import Event
from flash_schemas.search import SearchPerformedV1
from hypothesis import strategies as st

from tests.support.deliveries import delivery

BEGIN = datetime(2026, 3, 30, 22, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(101, 106)]
PROGRAMS = [UUID(int=number) for number in (201, 202)]
STEPS: dict[type[said.SessionEvent], dict[str, Any]] = {
    said.SessionRequestedV1: {"format": "call", "minutes": 30, "expires_at": BEGIN},
    said.SessionAcceptedV1: {"capacity_month": "2026-03"},
    said.SessionDeclinedV1: {},
    said.SessionExpiredV1: {},
    said.SessionWithdrawnV1: {"reason": "by_learner"},
    said.SessionCancelledV1: {"by": "mentor"},
    said.SessionNotHeldV1: {},
    said.SessionSolvedInChatV1: {},
    said.SessionCounterProposedV1: {"format": "call", "minutes": 30, "times": 0},
    said.FollowUpAnsweredV1: {"used": "partly"},
    said.RelationshipMadeV1: {"by": "both_wished"},
    said.RelationshipEndedV1: {},
}
MOMENTS = st.integers(0, 30 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes))


@dataclass(frozen=True)
class Told:
    """An event as its producer said it, once."""

    event: Any
    version: int
    at: datetime


@dataclass(frozen=True)
class History:
    """Distinct events, and the deliveries in which they arrive: shuffled, some again, in batches of any size."""

    told: list[Told]
    batches: list[list[Delivery]]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Sessions and searches of few people, so that they meet again."""
    told = [event for number in range(draw(st.integers(1, 8))) for event in draw(_session(number))]
    told += [draw(_search(number)) for number in range(draw(st.integers(0, 4)))]
    random = Random(draw(st.integers(0, 2**32)))
    arriving = told + random.choices(told, k=len(told) // 2)
    random.shuffle(arriving)
    batches = []
    while arriving:
        size = random.randint(1, 12)
        batches.append([delivery(one.event, one.version, at=one.at) for one in arriving[:size]])
        arriving = arriving[size:]
    return History(told, batches)


@st.composite
def _session(draw: st.DrawFn, number: int) -> list[Told]:
    learner_id, mentor_id = draw(st.permutations(PEOPLE))[:2]
    parties = {"learner_id": learner_id, "mentor_id": mentor_id}
    ids = {"session_id": UUID(int=1000 + number), "program_id": draw(st.sampled_from(PROGRAMS))}
    events: list[Event] = [step(**ids, **parties, **STEPS[step]) for step in draw(st.sets(st.sampled_from([*STEPS])))]
    if on := draw(st.none() | MOMENTS):
        events.append(said.SessionHeldV1(**ids, **parties, held_on=on.date()))
    starts = draw(st.lists(MOMENTS, max_size=2))
    said_so = (said.SessionScheduledV1, said.SessionRescheduledV1)
    events += [event(**ids, **parties, starts_at=at) for event, at in zip(said_so, starts, strict=False)]
    sides: tuple[Any, ...] = ("learner", "mentor")
    for side in sides:
        events += [said.SurveySentV1(**ids, **parties, side=side)] * draw(st.integers(0, 1))
        if rating := draw(st.integers(0, 5)):
            events.append(said.SurveyAnsweredV1(**ids, **parties, side=side, helped="solved", rating=rating))
    for count, side in enumerate(draw(st.lists(st.sampled_from(sides), max_size=4))):
        sender_id, recipient_id = (learner_id, mentor_id) if side == "learner" else (mentor_id, learner_id)
        events.append(
            said.MessageSentV1(
                **ids,
                message_id=UUID(int=10_000 + 100 * number + count),
                sender_id=sender_id,
                recipient_id=recipient_id,
                sender_role=side,
                length=1,
                first_reply=False,
            )
        )
    return [Told(event, version, draw(MOMENTS)) for version, event in enumerate(events, 1)]


@st.composite
def _search(draw: st.DrawFn, number: int) -> Told:
    event = SearchPerformedV1(
        search_id=UUID(int=20_000 + number),
        searcher_id=draw(st.sampled_from(PEOPLE)),
        program_id=draw(st.sampled_from(PROGRAMS)),
        matching=5,
        available=draw(st.integers(0, 2)),
    )
    return Told(event, number, draw(MOMENTS))


class Sums:
    """Counts the distinct events of a history, one question at a time."""

    def __init__(self, told: list[Told]) -> None:
        self.counts: Counter[tuple[Any, ...]] = Counter()
        self.people: Counter[tuple[Any, ...]] = Counter()
        self._told = told
        for session_id in {one.event.session_id for one in told if hasattr(one.event, "session_id")}:
            self._session([one for one in told if getattr(one.event, "session_id", None) == session_id])
        for program_id in PROGRAMS:
            self._pairs(program_id)
            self._searches(program_id)

    def _case(self, program_id: UUID, measure: str, day: Any, *people: UUID, value: int = 0) -> None:
        self.counts[program_id, measure, day, value] += 1
        for person_id in people:
            self.people[program_id, measure, day, person_id] += 1

    def _session(self, told: list[Told]) -> None:
        first = told[0].event
        if isinstance(first, said.MessageSentV1):
            learns = first.sender_role == "learner"
            learner, mentor = (first.sender_id, first.recipient_id) if learns else (first.recipient_id, first.sender_id)
        else:
            learner, mentor = first.learner_id, first.mentor_id
        at = {type(one.event): one.at for one in told}
        wrote = {
            side: [one for one in told if isinstance(one.event, said.MessageSentV1) and one.event.sender_role == side]
            for side in ("learner", "mentor")
        }
        self._request(first.program_id, learner, mentor, at, min((one.at for one in wrote["mentor"]), default=None))
        self._meeting(first.program_id, learner, mentor, at, told)
        self._messages(first.program_id, learner, mentor, wrote)
        for side, person in (("learner", learner), ("mentor", mentor)):
            self._survey(first.program_id, side, person, told)

    def _request(self, program: UUID, learner: UUID, mentor: UUID, at: dict[Any, datetime], wrote: Any) -> None:
        asked = at.get(said.SessionRequestedV1)
        if asked is None:
            return
        self._case(program, "asked", asked.date(), learner, mentor)
        self._case(program, "asked_by_learner", asked.date(), learner)
        accepted, declined = at.get(said.SessionAcceptedV1), at.get(said.SessionDeclinedV1)
        solved = at.get(said.SessionSolvedInChatV1)
        withdrawn, expired = at.get(said.SessionWithdrawnV1), at.get(said.SessionExpiredV1)
        if accepted or solved:
            self._case(program, "accepted", asked.date())
        elif declined:
            self._case(program, "declined", asked.date())
        elif withdrawn:
            self._case(program, "withdrawn", asked.date())
        elif expired:
            self._case(program, "expired", asked.date())
        countered = at.get(said.SessionCounterProposedV1)
        answers = [moment for moment in (accepted, declined, countered, wrote, solved) if moment]
        ends = [moment for moment in (withdrawn, expired) if moment]
        if answers or ends:
            waited_s = (min(answers + ends) - asked).total_seconds()
            measure = "answered_after" if min(answers + ends) in answers else "unanswered_after"
            self._case(program, measure, asked.date(), value=max(0, int(waited_s // 60)))

    def _meeting(self, program: UUID, learner: UUID, mentor: UUID, at: dict[Any, datetime], told: list[Told]) -> None:
        if solved := at.get(said.SessionSolvedInChatV1):
            self._case(program, "solved_in_chat", solved.date(), learner, mentor)
        if answered := at.get(said.FollowUpAnsweredV1):
            self._case(program, "followed_up", answered.date(), learner)
            self._case(program, "used", answered.date())
        agreed = [one for one in told if isinstance(one.event, said.SessionScheduledV1 | said.SessionRescheduledV1)]
        held = [one.event.held_on for one in told if isinstance(one.event, said.SessionHeldV1)]
        starts_at = max(agreed, key=lambda one: one.version).event.starts_at if agreed else None
        given_up = [at[way] for way in (said.SessionCancelledV1, said.SessionSolvedInChatV1) if way in at]
        missed = [at[said.SessionNotHeldV1]] if said.SessionNotHeldV1 in at else []
        if starts_at and given_up and min(given_up) >= starts_at:
            missed.append(min(given_up))
        if held or missed:
            day = held[0] if held else min(missed).date()
            day = min(day, starts_at.date()) if starts_at else day
            self._case(program, "ended", day, learner, mentor)
            if held:
                self._case(program, "held", day, learner, mentor)

    def _messages(self, program: UUID, learner: UUID, mentor: UUID, wrote: dict[str, list[Told]]) -> None:
        messages = wrote["learner"] + wrote["mentor"]
        for message in messages:
            self._case(program, "message", message.at.date(), learner, mentor)
        if messages:
            began = min(message.at for message in messages).date()
            self._case(program, "thread", began, learner, mentor)
            if wrote["learner"] and wrote["mentor"]:
                self._case(program, "two_way_thread", began)

    def _survey(self, program: UUID, side: str, person: UUID, told: list[Told]) -> None:
        sent = [one for one in told if isinstance(one.event, said.SurveySentV1) and one.event.side == side]
        answers = [one for one in told if isinstance(one.event, said.SurveyAnsweredV1) and one.event.side == side]
        for one in answers:
            self._case(program, f"rated_{side}", one.at.date(), person, value=one.event.rating)
        for one in sent:
            self._case(program, f"survey_sent_{side}", one.at.date(), person)
            if answers and answers[0].at <= one.at + timedelta(days=14):
                self._case(program, f"survey_answered_{side}", one.at.date())

    def _pairs(self, program: UUID) -> None:
        for number, one in enumerate(PEOPLE):
            for other in PEOPLE[number + 1 :]:
                told = [
                    known
                    for known in self._told
                    if isinstance(known.event, said.SessionHeldV1 | said.RelationshipMadeV1)
                    and known.event.program_id == program
                    and {known.event.learner_id, known.event.mentor_id} == {one, other}
                ]
                held = [known.event.held_on for known in told if isinstance(known.event, said.SessionHeldV1)]
                made = [known.at for known in told if isinstance(known.event, said.RelationshipMadeV1)]
                if held:
                    self._case(program, "connection", min(held), one, other)
                if made:
                    self._case(program, "relationship", min(made).date(), one, other)
                if held and made:
                    self._case(program, "connection_kept", min(held))

    def _searches(self, program: UUID) -> None:
        for one in self._told:
            if isinstance(one.event, SearchPerformedV1) and one.event.program_id == program:
                self._case(program, "search", one.at.date(), one.event.searcher_id)
                if one.event.available == 0:
                    self._case(program, "zero_result", one.at.date())
