"""Step 1 of the write path: what the HR platform may push and ask."""

from typing import Annotated

from chassis.http import DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter, Path, Request

from profile_service import commands, store
from profile_service.answers import (
    EmployeeAnswer,
    PushAnswer,
)
from profile_service.api.common import HR_PLATFORM_ONLY, ROUTES, existing
from profile_service.requests import OrgEvents

router = APIRouter(**ROUTES)


@router.post("/hr/org-events", tags=["hr"], dependencies=HR_PLATFORM_ONLY, responses=documented(413))
async def push_org_events(body: OrgEvents, request: Request, database: DatabaseDep) -> PushAnswer:
    """Push changes of the organisation, at most 10,000 a call. Each is applied, ignored or refused by itself."""
    chunk_events: int = request.app.state.settings.hr_chunk_events
    return PushAnswer.of(await commands.push_org_events(database, body.events, chunk_events))


@router.get("/hr/people/{employee_number}", tags=["hr"], dependencies=HR_PLATFORM_ONLY, responses=documented(404))
async def read_employee(employee_number: Annotated[str, Path(max_length=200)], database: DatabaseDep) -> EmployeeAnswer:
    """What the platform knows of an employee number."""
    async with database.connection() as connection:
        return EmployeeAnswer.model_validate(existing(await store.employee(connection, employee_number)))
