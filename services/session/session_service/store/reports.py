"""Statements about reported messages. Step 4 of the write path.

A copy is opened in one place only, `open_report`, which notes in the same transaction who looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Transaction

from session_service import sealing
from session_service.model import Decision, ReportReason
from session_service.sealing import Keyring, Wrapped
from session_service.store.conversation import Message

REPORT = """
SELECT report_id, session_id, message_id, reporter_id, author_id, reason, reported_at, sent_at, edited_at, decision,
    decided_at, decided_by, copy_deleted_at FROM report
"""
ADD_REPORT = """
INSERT INTO report (report_id, session_id, message_id, reporter_id, author_id, reason, reported_at, sent_at, edited_at,
                    master_key, wrapped, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
# Nobody reviews a conversation of their own.
LIST_REPORTS = f"""
{REPORT} WHERE reporter_id <> $1 AND author_id <> $1 AND ($2 OR decision IS NULL)
    AND ($3::timestamptz IS NULL OR (reported_at, report_id) > ($3, $4)) ORDER BY reported_at, report_id LIMIT $5
"""
DECIDE = "UPDATE report SET decision = $2, decided_at = $3, decided_by = $4 WHERE report_id = $1"
DELETE_COPIES = """
UPDATE report SET sealed = NULL, master_key = NULL, wrapped = NULL, copy_deleted_at = $1 WHERE report_id IN (
    SELECT report_id FROM report
    WHERE copy_deleted_at IS NULL AND decided_at <= $1::timestamptz - make_interval(days => $2)
    ORDER BY decided_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
"""
WRAPPED_OTHERWISE = """
SELECT report_id, message_id, master_key, wrapped FROM report WHERE master_key <> $1 ORDER BY report_id LIMIT $2
FOR UPDATE
"""


@dataclass(frozen=True, slots=True)
class Report:
    """A reported message, without what it says."""

    report_id: UUID
    session_id: UUID
    message_id: UUID
    reporter_id: UUID
    author_id: UUID
    reason: ReportReason
    reported_at: datetime
    sent_at: datetime
    edited_at: datetime | None
    decision: Decision | None = None
    decided_at: datetime | None = None
    decided_by: UUID | None = None
    copy_deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class View:
    """That somebody looked at the copy of a report."""

    reviewer_id: UUID
    viewed_at: datetime


async def report_of(transaction: Transaction, message_id: UUID, reporter_id: UUID) -> Report | None:
    """What somebody reported before."""
    row = await transaction.fetchrow(f"{REPORT} WHERE message_id = $1 AND reporter_id = $2", message_id, reporter_id)
    return Report(**row) if row else None


async def add_report(transaction: Transaction, keyring: Keyring, report: Report, message: Message) -> None:
    """Keep a report with a copy of the message as it is now, sealed under a key of its own."""
    place, key = sealing.place_of(report.report_id, message.message_id), sealing.new_key()
    kept = keyring.wrap(key, place)
    about = (report.report_id, report.session_id, report.message_id, report.reporter_id, report.author_id)
    times = (report.reported_at, report.sent_at, report.edited_at)
    sealed = sealing.seal(key, message.text.encode(), place)
    await transaction.execute(ADD_REPORT, *about, report.reason, *times, kept.master_key, kept.wrapped, sealed)


async def reports(
    transaction: Transaction, reviewer_id: UUID, after: Sequence[Any] | None, limit: int, *, decided: bool
) -> list[Report]:
    """Reports for a reviewer, oldest first, after a cursor's (reported_at, id); `decided` adds those that are."""
    reported_at, report_id = after or (None, None)
    rows = await transaction.fetch(LIST_REPORTS, reviewer_id, decided, reported_at, report_id, limit)
    return [Report(**row) for row in rows]


async def reports_by(transaction: Transaction, reporter_id: UUID) -> list[Report]:
    """What somebody reported, oldest first."""
    rows = await transaction.fetch(f"{REPORT} WHERE reporter_id = $1 ORDER BY reported_at", reporter_id)
    return [Report(**row) for row in rows]


async def lock_report(transaction: Transaction, report_id: UUID) -> Report | None:
    """One report, locked until this transaction ends."""
    row = await transaction.fetchrow(f"{REPORT} WHERE report_id = $1 FOR UPDATE", report_id)
    return Report(**row) if row else None


async def open_report(
    transaction: Transaction, keyring: Keyring, report: Report, reviewer_id: UUID, at: datetime
) -> str:
    """What the reported message said, noting who looks; empty once its author is forgotten or it is deleted."""
    note = "INSERT INTO report_view (report_id, reviewer_id, viewed_at) VALUES ($1, $2, $3)"
    await transaction.execute(note, report.report_id, reviewer_id, at)
    query = "SELECT master_key, wrapped, sealed FROM report WHERE report_id = $1 AND wrapped IS NOT NULL"
    row = await transaction.fetchrow(query, report.report_id)
    if row is None:
        return ""
    place = sealing.place_of(report.report_id, report.message_id)
    key = keyring.unwrap(Wrapped(row["master_key"], row["wrapped"]), place)
    return sealing.unseal(key, row["sealed"], place).decode()


async def views_of(transaction: Transaction, report_id: UUID) -> list[View]:
    """Who looked at a copy, in order."""
    query = "SELECT reviewer_id, viewed_at FROM report_view WHERE report_id = $1 ORDER BY id"
    return [View(**row) for row in await transaction.fetch(query, report_id)]


async def decide(transaction: Transaction, report_id: UUID, decision: Decision, by: UUID, at: datetime) -> None:
    """Keep what was decided of a locked report."""
    await transaction.execute(DECIDE, report_id, decision, at, by)


async def delete_copies(transaction: Transaction, at: datetime, keep_days: int, limit: int) -> int:
    """Delete the copies of what was decided so long ago, a bounded number; how many. That they were there stays."""
    return int((await transaction.execute(DELETE_COPIES, at, keep_days, limit)).split()[-1])


async def copy_deleted_at(transaction: Transaction, report_id: UUID) -> datetime | None:
    """When the copy of a report was deleted, None while it is there."""
    query = "SELECT copy_deleted_at FROM report WHERE report_id = $1"
    found: datetime | None = await transaction.fetchval(query, report_id)
    return found


async def rewrap_reports(transaction: Transaction, keyring: Keyring, limit: int) -> int:
    """Wrap the keys of some copies by the newest master key; how many. Raises MasterKeyMissing."""
    rows = await transaction.fetch(WRAPPED_OTHERWISE, keyring.newest, limit)
    for report_id, message_id, master_key, wrapped in rows:
        place = sealing.place_of(report_id, message_id)
        kept = keyring.rewrap(Wrapped(master_key, wrapped), place)
        query = "UPDATE report SET master_key = $2, wrapped = $3 WHERE report_id = $1"
        await transaction.execute(query, report_id, kept.master_key, kept.wrapped)
    return len(rows)
