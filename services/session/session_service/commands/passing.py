"""Step 2 of the write path: who is asked next when a request ended without a yes.

It happens by itself after the request has ended, in a transaction of its own: the next mentor's availability is locked
before anything else, as everywhere. Several processes may do it, and be killed anywhere: the request says that it is
still to be passed on until it is.
"""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis import logs
from chassis.database import Database, Transaction
from chassis.problems import Problem
from cryptography.exceptions import InvalidTag
from flash_schemas.profile import RequestPolicy

from session_service import model, store
from session_service.commands.conversation import speak
from session_service.commands.steps import existing, locked, save, tell_availability
from session_service.model import Member, Session
from session_service.sealing import Keyring, MasterKeyMissing

log = logs.get(__name__)


async def pass_on_some(database: Database, keyring: Keyring, limit: int) -> bool:
    """Ask those who are next, a bounded number at once; True when there may be more."""
    passed = False
    async with database.connection() as connection:
        waiting = await store.passing_ids(connection, limit)
    for session_id in waiting:
        try:
            await _pass_on(database, keyring, session_id)
            passed = True
        except MasterKeyMissing:  # its first words wait for the key, and hold up no other
            log.exception("not_passed_on", session_id=str(session_id))
    return passed


async def _pass_on(database: Database, keyring: Keyring, session_id: UUID) -> None:
    """Take one step: ask the next, pass them by, call everybody, or let it be."""
    async with database.transaction() as transaction:
        at, seen = datetime.now(UTC), await existing(transaction, session_id)
        mentor_id = UUID(seen.then_ask[0]) if seen.then_ask else None
        if mentor_id:
            await store.hold_availability(transaction, mentor_id)
        members = await store.lock_members(transaction, *filter(None, (seen.learner_id, mentor_id)))
        session = await locked(transaction, session_id)
        if not session.passing or session.then_ask != seen.then_ask:
            return  # another process was here
        session = replace(session, skill_id=await store.skill_now(transaction, session.skill_id))
        policy, learner = await store.policy(transaction, session.program_id), members.get(session.learner_id)
        if policy is None or learner is None or not learner.takes_part(session.program_id, "learner"):
            await save(transaction, model.stopped_passing(session))
        elif mentor_id is None:
            await _open_to_all(transaction, session, policy, at)
        elif await _can_take(transaction, session, learner, members.get(mentor_id), mentor_id, policy, at):
            await _ask_next(transaction, keyring, session, mentor_id, policy, at)
        else:
            await save(transaction, model.skipped(session))


async def _can_take(
    transaction: Transaction,
    session: Session,
    learner: Member,
    mentor: Member | None,
    mentor_id: UUID,
    policy: RequestPolicy,
    at: datetime,
) -> bool:
    if not await store.may_meet(transaction, session.learner_id, mentor_id):
        return False
    if await store.open_request(transaction, session.learner_id, mentor_id, session.skill_id):
        return False
    availability = await store.availability(transaction, mentor_id, at)
    try:
        model.check_ask(model.next_ask(session, mentor_id), learner, mentor, availability, policy, at)
    except Problem:
        return False
    return True


async def _ask_next(
    transaction: Transaction, keyring: Keyring, session: Session, mentor_id: UUID, policy: RequestPolicy, at: datetime
) -> None:
    ask = model.next_ask(session, mentor_id)
    asked = model.requested(uuid4(), ask, session.learner_id, policy, at, passed_from=session.session_id)
    await save(transaction, asked)
    await repeat_first_message(transaction, keyring, session, asked.session, at)
    await save(transaction, model.passed_on(session, asked.session))
    await tell_availability(transaction, mentor_id, at)


async def repeat_first_message(
    transaction: Transaction, keyring: Keyring, origin: Session, following: Session, at: datetime
) -> None:
    """The learner's first words go to whoever is next, too; nothing else of that conversation does.

    Words that nobody can open any more do not hold up the request, whose card says what it is about.
    """
    try:
        first = await store.messages(transaction, keyring, origin.session_id, 0, 1)
    except InvalidTag:
        log.exception("message_does_not_open", session_id=str(origin.session_id))
        return
    for message in first:
        if message.text:  # empty once its writer is forgotten
            await speak(transaction, keyring, following, origin.learner_id, uuid4(), message.text, at)


async def _open_to_all(transaction: Transaction, session: Session, policy: RequestPolicy, at: datetime) -> None:
    opened = model.opened_to_all(session, uuid4(), policy, at)
    if opened is None:
        await save(transaction, model.stopped_passing(session))
        return
    call, step = opened
    await store.add_call(transaction, call)
    await save(transaction, step)
