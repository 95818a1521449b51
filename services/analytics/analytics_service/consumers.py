"""Step 6 of the data's way: events become facts and a directory of programs and departments; rollups follow."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from chassis.consumer import Consumer, Delivery
from chassis.database import Transaction
from chassis.envelope import Envelope
from chassis.erasing import note_last_states
from flash_schemas import session as said
from flash_schemas.base import Event
from flash_schemas.profile import ProfileChangedV1, ProgramChangedV1, UnitRef
from flash_schemas.search import SearchPerformedV1

from analytics_service import store
from analytics_service.facts import TOPICS, Fact, Message, Pair, Search, Session, Survey
from analytics_service.rollup import Changes

STEPS: Mapping[type[Event], str] = {
    said.SessionRequestedV1: "requested_at",
    said.SessionAcceptedV1: "accepted_at",
    said.SessionDeclinedV1: "declined_at",
    said.SessionExpiredV1: "expired_at",
    said.SessionWithdrawnV1: "withdrawn_at",
    said.SessionCancelledV1: "cancelled_at",
    said.SessionNotHeldV1: "not_held_at",
    said.SessionSolvedInChatV1: "solved_at",
    said.SessionCounterProposedV1: "countered_at",
}
UNCOUNTED = frozenset(
    {
        said.SessionViewedV1,
        said.SessionMoreInformationAskedV1,
        said.SessionPassedOnV1,
        said.SessionOpenedToAllV1,
        said.RelationshipEndedV1,
    }
)
"""What no figure counts: steps on the way, of which what follows says what they came to, and what was made before."""
FactT = TypeVar("FactT", bound=Fact)


def consumers() -> list[Consumer]:
    """Everything that this service reads."""
    return [
        Consumer("facts", TOPICS, take_facts),
        Consumer("directory", ("program-events", "profile-events"), take_directory),
    ]


async def take_facts(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keep what happened, each thing once."""
    await keep_facts(transaction, [fact for delivery in deliveries for fact in facts_of(delivery)])
    await _note_progress(transaction, deliveries)


async def keep_facts(transaction: Transaction, facts: Sequence[Fact]) -> None:
    """Keep facts, and change the rollups by exactly what is new.

    Tables are written in one order, rows in key order, so that two processes cannot lock each other out.
    """
    changes = Changes()
    changes.replace(await store.merge(transaction, Session, merged(Session, facts)))
    changes.replace(await store.merge(transaction, Survey, merged(Survey, facts)))
    changes.replace(await store.merge(transaction, Pair, merged(Pair, facts)))
    changes.replace((None, new) for new in await store.insert(transaction, Message, merged(Message, facts)))
    changes.replace((None, new) for new in await store.insert(transaction, Search, merged(Search, facts)))
    await changes.apply(transaction)


async def take_directory(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    """Keep the newest state of programs, and who stood in which department since when."""
    programs: dict[UUID, dict[str, Any]] = {}
    places: list[tuple[UUID, int, datetime, UUID]] = []
    units: dict[UUID, tuple[str, datetime]] = {}
    for delivery in deliveries:
        version, at = delivery.envelope.aggregate_version, delivery.envelope.time
        match delivery.event:
            case ProgramChangedV1() as program:
                known = programs.get(program.program_id)
                if known is None or known["version"] < version:
                    programs[program.program_id] = _program_row(program, version)
            case ProfileChangedV1() as person:
                places += places_of(person, delivery.envelope)
                _name(units, _department(person), at)
    if programs:
        await store.keep_programs(transaction, list(programs.values()))
    if places:
        await store.keep_places(transaction, sorted(set(places)))
    if units:
        await store.keep_units(transaction, units)
        await note_last_states(transaction, deliveries)
    await _note_progress(transaction, deliveries)


def places_of(person: ProfileChangedV1, envelope: Envelope) -> list[tuple[UUID, int, datetime, UUID]]:
    """Where somebody stands from a version on; who is erased stands nowhere new."""
    if person.change == "erased":
        return []
    return [(person.person_id, envelope.aggregate_version, envelope.time, _department(person).unit_id)]


def _name(units: dict[UUID, tuple[str, datetime]], unit: UnitRef, at: datetime) -> None:
    """The newest name that was said."""
    if unit.unit_id not in units or units[unit.unit_id][1] < at:
        units[unit.unit_id] = (unit.name, at)


def _department(person: ProfileChangedV1) -> UnitRef:
    """The unit below the root."""
    return person.unit_path[min(1, len(person.unit_path) - 1)]


def facts_of(delivery: Delivery) -> Iterator[Fact]:
    """What one event tells, as partial facts."""
    at, event = delivery.envelope.time, delivery.event
    match event:
        case said.SessionEvent():
            yield from _session_facts(event, at, delivery.envelope.aggregate_version)
        case said.MessageSentV1():
            yield Message(event.message_id, event.program_id, event.sender_id, event.recipient_id, at)
            yield _thread(event, at)
        case SearchPerformedV1():
            yield Search(event.search_id, event.program_id, event.searcher_id, at, event.available)


def _session_facts(event: said.SessionEvent, at: datetime, version: int) -> Iterator[Fact]:
    ids = (event.session_id, event.program_id, event.learner_id, event.mentor_id)
    pair = (event.program_id, event.learner_id, event.mentor_id)
    match event:
        case said.SessionScheduledV1() | said.SessionRescheduledV1():
            yield Session(*ids, schedule_version=version, starts_at=event.starts_at)
        case said.SessionHeldV1():
            yield Session(*ids, held_on=event.held_on)
            yield Pair.of(*pair, first_held_on=event.held_on)
        case said.SurveySentV1():
            yield _survey(event, sent_at=at)
        case said.SurveyAnsweredV1():
            yield _survey(event, answered_at=at, rating=event.rating)
        case said.FollowUpAnsweredV1():
            yield Session(*ids, followed_up_at=at, used=event.used != "no")
        case said.RelationshipMadeV1():
            yield Pair.of(*pair, related_at=at)
        case _ if type(event) not in UNCOUNTED:
            step: dict[str, Any] = {STEPS[type(event)]: at}
            yield Session(*ids, **step)


def _survey(event: said.SurveySentV1 | said.SurveyAnsweredV1, **known: Any) -> Survey:
    person_id = event.learner_id if event.side == "learner" else event.mentor_id
    return Survey(event.session_id, event.side, event.program_id, person_id, **known)


def _thread(event: said.MessageSentV1, at: datetime) -> Session:
    ids = event.session_id, event.program_id
    if event.sender_role == "learner":
        return Session(*ids, event.sender_id, event.recipient_id, learner_message_at=at)
    return Session(*ids, event.recipient_id, event.sender_id, mentor_message_at=at)


def _program_row(program: ProgramChangedV1, version: int) -> dict[str, Any]:
    fields = {"program_id", "name", "owners", "starts_on", "objectives"}
    return {**program.model_dump(mode="json", include=fields), "version": version}


def merged(kind: type[FactT], facts: Iterable[Fact]) -> list[FactT]:
    """The facts of one kind; of those that can merge one per key, as one statement may touch a row only once."""
    known: dict[tuple[Any, ...], Any] = {}
    alone: list[FactT] = []
    for fact in facts:
        if isinstance(fact, kind):
            if isinstance(fact, Session | Survey | Pair):
                known[fact.key] = known[fact.key].merge(fact) if fact.key in known else fact
            else:
                alone.append(fact)
    return [*known.values(), *alone]


async def _note_progress(transaction: Transaction, deliveries: Sequence[Delivery]) -> None:
    newest: dict[str, datetime] = {}
    for delivery in deliveries:
        topic, at = delivery.origin.topic, delivery.envelope.time
        newest[topic] = max(at, newest.get(topic, at))
    await store.note_progress(transaction, newest)
