"""Step 2 of the write path: asking, and changing what one asked for."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.idempotency import once
from chassis.problems import Conflict, NotFound, Refused
from flash_schemas.profile import RequestPolicy

from session_service import model, store
from session_service.answers import SessionAnswer
from session_service.commands.conversation import speak
from session_service.commands.steps import both_locked, check_not_erased, save, tell_availability
from session_service.model import AlreadyAsked, Ask, check_ask
from session_service.notices.preferences import zone_of
from session_service.requests import AskBody, CardBody
from session_service.sealing import Keyring


async def ask(
    database: Database, keyring: Keyring, caller: Caller, body: AskBody, key: str | None, default_zone: str
) -> SessionAnswer:
    """Ask one mentor for one session, with a first message. Raises NotFound, Refused, Conflict.

    Days are those of the default time zone where the learner's is not known.
    """

    async def run() -> SessionAnswer:
        at = datetime.now(UTC)
        policy = await store.policy(transaction, body.program_id)
        availability = await store.lock_availability(transaction, body.mentor_id, at)
        members = await store.lock_members(transaction, caller.person, body.mentor_id)
        if policy is None or caller.person not in members:
            raise NotFound
        ask = await _present(transaction, caller.person, body.in_turn, default_zone)
        may_meet = await store.may_meet(transaction, caller.person, body.mentor_id)
        mentor = members.get(body.mentor_id) if may_meet else None
        check_ask(ask, members[caller.person], mentor, availability, policy, at)
        await _check_next(transaction, caller.person, ask)
        await _check_not_asked(transaction, caller.person, body.mentor_id, ask.skill_id)
        await _check_open_requests(transaction, caller.person, body.program_id, policy)
        step = model.requested(uuid4(), ask, caller.person, policy, at)
        await save(transaction, step)
        spoken = await speak(transaction, keyring, step.session, caller.person, uuid4(), body.message, at)
        await tell_availability(transaction, body.mentor_id, at)
        if body.draft_id:
            await store.delete_draft(transaction, caller.person, body.draft_id)
        return SessionAnswer.of(spoken, caller.person)

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, body, SessionAnswer, run)


async def edit(
    database: Database, by: UUID, session_id: UUID, body: CardBody, seen_version: int, default_zone: str
) -> SessionAnswer:
    """Change the card of an open request. Raises NotFound, WrongState, Refused, AlreadyAsked, PreconditionFailed."""
    async with database.transaction() as transaction:
        at, session = await both_locked(transaction, session_id)
        await check_not_erased(transaction, by)
        policy = await store.policy(transaction, session.program_id) or RequestPolicy()
        card = await _present(transaction, by, body.ask(session.program_id, session.mentor_id), default_zone)
        step = model.edited(session, by, card, seen_version, policy, at)
        if card.skill_id != await store.skill_now(transaction, session.skill_id):
            await _check_not_asked(transaction, by, session.mentor_id, card.skill_id)
        await save(transaction, step)
        return SessionAnswer.of(step.session, by)


async def _present(transaction: Transaction, learner_id: UUID, ask: Ask, default_zone: str) -> Ask:
    """The same with the skill as it is called now, and the end of the day where the learner is."""
    contact = (await store.contacts(transaction, [learner_id]))[learner_id]
    zone = zone_of(contact.time_zone, default_zone)
    ends_at = model.day_ends_at(ask.by_when, zone) if ask.by_when else None
    return replace(ask, skill_id=await store.skill_now(transaction, ask.skill_id), by_when_ends_at=ends_at)


async def _check_next(transaction: Transaction, learner_id: UUID, ask: Ask) -> None:
    """Whoever is next takes part; whether they can take it is looked at when it is their turn."""
    for position, mentor_id in enumerate(ask.then_ask):
        mentor = await store.member(transaction, mentor_id)
        there = mentor and mentor.takes_part(ask.program_id, "mentor")
        if not there or not await store.may_meet(transaction, learner_id, mentor_id):
            raise Refused("Nobody with this id takes part as a mentor.", field=f"then_ask[{position}]")


async def _check_not_asked(transaction: Transaction, learner_id: UUID, mentor_id: UUID, skill_id: UUID | None) -> None:
    """The mentor's availability is locked, so nobody asks them the same meanwhile."""
    known = await store.open_request(transaction, learner_id, mentor_id, skill_id)
    if known:
        raise AlreadyAsked(open_request=str(known))


async def _check_open_requests(
    transaction: Transaction, learner_id: UUID, program_id: UUID, policy: RequestPolicy
) -> None:
    limit = policy.open_requests_per_learner
    if await store.count_open_of_learner(transaction, learner_id, program_id) >= limit:
        raise Conflict(f"{limit} of your requests wait for an answer: withdraw one, or wait.")
