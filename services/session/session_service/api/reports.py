"""Steps 1 of the write path and of the read path: reported messages. The copy is for reviewers alone, who are named."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from chassis.auth import Caller, allow
from chassis.http import Cursor, DatabaseDep
from chassis.problems import NotFound, documented
from fastapi import APIRouter, Depends

from session_service import commands, store
from session_service.answers import OpenedReport, ReportAnswer, ReportPage, ViewItem, ViewPage
from session_service.api.common import CONCERNED, ROUTES, Employee, KeyringDep, Limit, Position
from session_service.requests import DecisionBody, ReportBody

router = APIRouter(**ROUTES)

Reviewer = Annotated[Caller, Depends(allow("reviewer"))]
Overseer = Annotated[Caller, Depends(allow("reviewer", "auditor"))]


@router.post(
    "/sessions/{session_id}/messages/{message_id}/report", tags=["messages"], status_code=201, responses=documented(404)
)
async def report_message(
    session_id: UUID, message_id: UUID, body: ReportBody, caller: Employee, database: DatabaseDep, keyring: KeyringDep
) -> ReportAnswer:
    """Have a reviewer look at what the other wrote, as it is now; the other is not told."""
    return await commands.report(database, keyring, caller.person, session_id, message_id, body.reason)


@router.get("/reports", tags=["reports"])
async def list_reports(
    caller: Reviewer, database: DatabaseDep, decided: bool = False, cursor: Position = None, limit: Limit = 20
) -> ReportPage:
    """What is to be decided, oldest first, with `decided` also what was; without what the messages say."""
    after = Cursor.decode(cursor, datetime, UUID)
    async with database.connection() as connection:
        found = await store.reports(connection, caller.person, after, limit + 1, decided=decided)
    items = [ReportAnswer.model_validate(report) for report in found[:limit]]
    last = items[-1] if len(found) > limit else None
    following = Cursor.encode(last.reported_at.isoformat(), str(last.report_id)) if last else None
    return ReportPage(items=items, next_cursor=following)


@router.get("/reports/{report_id}", tags=["reports"], responses=documented(404))
async def open_report(report_id: UUID, caller: Reviewer, database: DatabaseDep, keyring: KeyringDep) -> OpenedReport:
    """A reported message as it was at that moment, empty once the copy is deleted; that the caller looked is kept."""
    return await commands.open_report(database, keyring, caller.person, report_id)


@router.post("/reports/{report_id}/decision", tags=["reports"], responses=CONCERNED)
async def decide(report_id: UUID, body: DecisionBody, caller: Reviewer, database: DatabaseDep) -> ReportAnswer:
    """Decide on a report, once and for all."""
    return await commands.decide(database, caller.person, report_id, body.decision)


@router.get("/reports/{report_id}/views", tags=["reports"], responses=documented(404))
async def list_views(report_id: UUID, _caller: Overseer, database: DatabaseDep) -> ViewPage:
    """Who looked at a reported message, and when, and when its copy was deleted; for auditors, too."""
    async with database.connection() as connection:
        found = await store.views_of(connection, report_id)
        deleted_at = await store.copy_deleted_at(connection, report_id)
    if not found and deleted_at is None:
        raise NotFound
    return ViewPage(items=[ViewItem.model_validate(view) for view in found], copy_deleted_at=deleted_at)
