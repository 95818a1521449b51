"""Step 2 of the write path: calls to everybody who knows a skill; the first who takes one has it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.http import Strict
from chassis.idempotency import once
from chassis.problems import NotFound
from flash_schemas.profile import RequestPolicy

from session_service import model, store
from session_service.answers import SessionAnswer
from session_service.commands.passing import repeat_first_message
from session_service.commands.steps import existing, save, tell_availability
from session_service.model import CallIsOver, OpenCall
from session_service.notices.notice import Notice
from session_service.notices.telling import tell
from session_service.sealing import Keyring

CALLS_AT_ONCE = 50


class Taking(Strict):
    """A call as an Idempotency-Key remembers it."""

    call_id: UUID


async def calls_for(transaction: Transaction, mentor_id: UUID) -> list[dict[str, Any]]:
    """The calls that a mentor can take now, those that end soonest first, at most 50."""
    at = datetime.now(UTC)
    mentor, availability = (
        await store.member(transaction, mentor_id),
        await store.availability(transaction, mentor_id, at),
    )
    found: list[dict[str, Any]] = []
    for call in await store.calls_for(transaction, mentor_id, at, CALLS_AT_ONCE) if mentor else ():
        policy = await store.policy(transaction, call["program_id"])
        left = availability.slots_left(policy.sessions_per_mentor_and_month) if policy else 0
        assert mentor, "there are no calls without"
        free = left > 0 and not model.resting(mentor, availability, call["program_id"], at.date())
        if free and await store.may_meet(transaction, call["learner_id"], mentor_id):
            found.append(call)
    return found


async def take_call(
    database: Database, keyring: Keyring, caller: Caller, call_id: UUID, key: str | None
) -> SessionAnswer:
    """Take a call: the session is accepted at once. Raises NotFound, CallIsOver, NoSlotLeft."""

    async def run() -> SessionAnswer:
        return await _take(transaction, keyring, caller.person, call_id)

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, Taking(call_id=call_id), SessionAnswer, run)


async def _take(transaction: Transaction, keyring: Keyring, mentor_id: UUID, call_id: UUID) -> SessionAnswer:
    at, seen = datetime.now(UTC), await _call(transaction, call_id)
    availability = await store.lock_availability(transaction, mentor_id, at)
    members = await store.lock_members(transaction, mentor_id, seen.learner_id)
    mentor, learner = members.get(mentor_id), members.get(seen.learner_id)
    call = await store.lock_call(transaction, call_id) or seen
    if mentor is None or not mentor.takes_part(call.program_id, "mentor"):
        raise NotFound
    known = await store.known_skills(transaction, mentor_id)
    if call.skill_id not in known or not await store.may_meet(transaction, call.learner_id, mentor_id):
        raise NotFound
    there = learner is not None and learner.takes_part(call.program_id, "learner")
    if not there or not model.may_take(call, mentor_id, known, at):
        raise CallIsOver
    policy = await store.policy(transaction, call.program_id) or RequestPolicy()
    left = (
        0
        if model.resting(mentor, availability, call.program_id, at.date())
        else availability.slots_left(policy.sessions_per_mentor_and_month)
    )
    origin = replace(await existing(transaction, call.session_id), skill_id=call.skill_id)
    step = model.taken_from_call(uuid4(), origin, mentor_id, left, policy, at)
    await save(transaction, step)
    await store.end_call(transaction, call_id, "taken", step.session.session_id)
    await repeat_first_message(transaction, keyring, origin, step.session, at)
    await tell_availability(transaction, mentor_id, at)
    return SessionAnswer.of(await existing(transaction, step.session.session_id), mentor_id)


async def withdraw_call(database: Database, by: UUID, call_id: UUID) -> None:
    """The learner no longer needs it. Raises NotFound, CallIsOver."""
    async with database.transaction() as transaction:
        call = await store.lock_call(transaction, call_id)
        if call is None or call.learner_id != by:
            raise NotFound
        if call.state != "open":
            raise CallIsOver("It is over already: somebody took it, or its time came.")
        await store.end_call(transaction, call_id, "closed")


async def close_calls(database: Database, limit: int) -> bool:
    """Close calls that nobody took in time, and tell whose they were; True when there may be more."""
    async with database.transaction() as transaction:
        closed = await store.close_calls(transaction, datetime.now(UTC), limit)
        await tell(transaction, [Notice.of_call(call) for call in closed])
    return len(closed) == limit


async def _call(transaction: Transaction, call_id: UUID) -> OpenCall:
    call = await store.call(transaction, call_id)
    if call is None:
        raise NotFound
    return call
