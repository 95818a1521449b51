"""Step 2 of the write path: a message is reported, looked at by a reviewer, decided on, and its copy deleted."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis import logs
from chassis.database import Database, Transaction
from chassis.problems import NotFound

from session_service import model, store
from session_service.answers import OpenedReport, ReportAnswer
from session_service.commands.steps import locked_for
from session_service.model import Decision, ReportReason
from session_service.sealing import Keyring
from session_service.store import Report

log = logs.get(__name__)

COPIES_AT_ONCE = 200


async def report(
    database: Database, keyring: Keyring, by: UUID, session_id: UUID, message_id: UUID, reason: ReportReason
) -> ReportAnswer:
    """Freeze a copy of what the other wrote, for a reviewer; once. Raises NotFound, Refused."""
    async with database.transaction() as transaction:
        await locked_for(transaction, by, session_id)
        message = await store.message(transaction, keyring, message_id)
        if message is None or message.session_id != session_id:
            raise NotFound
        model.check_report(by, message.sender_id)
        known = await store.report_of(transaction, message_id, by)
        if known is None:
            about = (uuid4(), session_id, message_id, by, message.sender_id)
            known = Report(*about, reason, datetime.now(UTC), message.sent_at, message.edited_at)
            await store.add_report(transaction, keyring, known, message)
        return ReportAnswer.model_validate(known)


async def open_report(database: Database, keyring: Keyring, by: UUID, report_id: UUID) -> OpenedReport:
    """What was reported, for a reviewer, who is noted as having looked. Raises NotFound."""
    async with database.transaction() as transaction:
        found = await _locked(transaction, by, report_id)
        text = await store.open_report(transaction, keyring, found, by, datetime.now(UTC))
        views = await store.views_of(transaction, report_id)
        return OpenedReport.of(found, text, views)


async def decide(database: Database, by: UUID, report_id: UUID, decision: Decision) -> ReportAnswer:
    """Keep what a reviewer decided. Raises NotFound, Conflict for another decision than before."""
    async with database.transaction() as transaction:
        found = await _locked(transaction, by, report_id)
        model.check_decision(found.decision, decision, found.decided_at)
        if found.decision is None:
            await store.decide(transaction, report_id, decision, by, datetime.now(UTC))
        return ReportAnswer.model_validate(await _locked(transaction, by, report_id))


async def delete_copies(database: Database, keep_days: int) -> bool:
    """Delete the copies of what was decided so long ago, 200 at once; True when there may be more."""
    async with database.transaction() as transaction:
        deleted = await store.delete_copies(transaction, datetime.now(UTC), keep_days, COPIES_AT_ONCE)
    if deleted:
        log.info("report_copies_deleted", count=deleted)
    return deleted == COPIES_AT_ONCE


async def _locked(transaction: Transaction, by: UUID, report_id: UUID) -> Report:
    """A report that a reviewer may see: of a conversation that is not their own. Raises NotFound."""
    found = await store.lock_report(transaction, report_id)
    if found is None or by in (found.reporter_id, found.author_id):
        raise NotFound
    return found
