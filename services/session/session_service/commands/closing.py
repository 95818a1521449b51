"""Step 2 of the write path: what happens to sessions by itself, when somebody or their program is no longer there."""

from uuid import UUID

from chassis.database import Database, Transaction

from session_service import model, store
from session_service.commands.steps import both_locked, save, tell_availability
from session_service.model import Session
from session_service.notices.notice import Notice
from session_service.notices.telling import tell


async def close_departed(database: Database) -> bool:
    """Close what cannot go on with somebody who left, is away, paused or no longer takes part; True for maybe more."""
    async with database.connection() as connection:
        departure = await store.some_departure(connection)
        if departure is None:
            return False
        person_id = departure.person_id
        sessions = await store.open_sessions_of(connection, person_id)
    for session in sessions:
        await _close(database, session.session_id, person_id)
    async with database.transaction() as transaction:
        await store.forget_departure(transaction, departure)
    return True


async def _close(database: Database, session_id: UUID, person_id: UUID) -> None:
    """Close one of somebody's sessions, unless it can go on; where the program has ended, nobody else is asked."""
    async with database.transaction() as transaction:
        at, session = await both_locked(transaction, session_id)
        member = await store.member(transaction, person_id)
        mentor = await store.availability(transaction, session.mentor_id, at)
        runs = await store.policy(transaction, session.program_id) is not None
        if model.closes(session, person_id, member, mentor, at, runs=runs):
            gone_id = person_id if runs else session.learner_id
            await save(transaction, model.closed_for(session, gone_id, at))
            await tell_availability(transaction, session.mentor_id, at)
            if session.state == "requested" and gone_id == session.learner_id:
                await _tell_learner(transaction, session)


async def _tell_learner(transaction: Transaction, session: Session) -> None:
    """Tell a learner that their request ended since they do not take part, unless they left."""
    learner = await store.member(transaction, session.learner_id)
    if learner and learner.status != "left":
        await tell(transaction, [Notice.about(session, "not_taking_part", session.learner_id, "closed")])
