"""Step 1 of the read path: the report of a program, for its owners."""

import hashlib
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from chassis.auth import Caller, allow
from chassis.database import Transaction
from chassis.http import DatabaseDep
from chassis.problems import NotFound, Refused, documented
from fastapi import APIRouter, Depends, Header, Query, Response

from analytics_service import reads
from analytics_service.answers import ReportAnswer
from analytics_service.reads import Program
from analytics_service.report import make_report, whole_months

router = APIRouter(prefix="/api/v1", responses=documented(401, 403, 422, 503))

Owner = Annotated[Caller, Depends(allow("program_owner"))]
FirstDay = Annotated[
    date | None,
    Query(alias="from", description="A day of the first month; the program's start if absent. Months are whole."),
]
LastDay = Annotated[
    date | None,
    Query(alias="to", description="A day of the last month; today if absent, or `from` if that is still to come."),
]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match")]

EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)


@router.get(
    "/programs/{program_id}/report",
    tags=["reports"],
    response_model=ReportAnswer,
    responses={**documented(404), 304: {"description": "Nothing changed since the report with this ETag."}},
)
async def read_report(
    program_id: UUID,
    caller: Owner,
    database: DatabaseDep,
    first: FirstDay = None,
    last: LastDay = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """How successful a program was in some months, each figure with the cases behind it and its definition."""
    now = datetime.now(UTC)
    async with reads.snapshot(database) as connection:
        program = await _owned(connection, program_id, caller)
        begin = first or max(program.starts_on, EARLIEST)
        period = whole_months(*_days(begin, last or max(now.date(), begin)))
        report = await make_report(connection, program, period, now)
    body = report.model_dump_json(by_alias=True).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag == if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


async def _owned(connection: Transaction, program_id: UUID, caller: Caller) -> Program:
    program = await reads.program(connection, program_id)
    if program is None or caller.person_id not in program.owners:
        raise NotFound("There is no such program among yours.", field="program_id")
    return program


def _days(first: date, last: date) -> tuple[date, date]:
    if not EARLIEST <= first <= LATEST:
        raise Refused(f"From {EARLIEST} to {LATEST}.", field="from")
    if not first <= last <= LATEST:
        raise Refused("The period ends before it starts, or too late.", field="to")
    return first, last
