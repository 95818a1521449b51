"""Step 2 of the write path: asking."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.idempotency import once
from chassis.problems import Conflict, NotFound
from flash_schemas.profile import RequestPolicy

from session_service import model, store
from session_service.answers import SessionAnswer
from session_service.commands.conversation import speak
from session_service.commands.steps import save, tell_availability
from session_service.model import check_ask
from session_service.requests import AskBody
from session_service.sealing import Keyring


async def ask(database: Database, keyring: Keyring, caller: Caller, body: AskBody, key: str | None) -> SessionAnswer:
    """Ask one mentor for one session, with a first message. Raises NotFound, Refused, Conflict."""

    async def run() -> SessionAnswer:
        at = datetime.now(UTC)
        policy = await store.policy(transaction, body.program_id)
        availability = await store.lock_availability(transaction, body.mentor_id, at)
        members = await store.lock_members(transaction, caller.person, body.mentor_id)
        if policy is None or caller.person not in members:
            raise NotFound
        # Of two who are kept apart, each is to the other as somebody who does not take part.
        apart = not await store.may_meet(transaction, caller.person, body.mentor_id)
        mentor = None if apart else members.get(body.mentor_id)
        check_ask(body.ask, members[caller.person], mentor, availability, policy, at)
        await _check_open_requests(transaction, caller.person, body.program_id, policy)
        step = model.requested(uuid4(), body.ask, caller.person, policy, at)
        await save(transaction, step)
        spoken = await speak(transaction, keyring, step.session, caller.person, uuid4(), body.message, at)
        await tell_availability(transaction, body.mentor_id, at)
        return SessionAnswer.of(spoken, caller.person)

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, body, SessionAnswer, run)


async def _check_open_requests(
    transaction: Transaction, learner_id: UUID, program_id: UUID, policy: RequestPolicy
) -> None:
    limit = policy.open_requests_per_learner
    if await store.count_open_of_learner(transaction, learner_id, program_id) >= limit:
        raise Conflict(f"{limit} of your requests wait for an answer: withdraw one, or wait.")
