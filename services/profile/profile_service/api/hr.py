"""Step 1 of the write path: what the HR platform may push and ask."""

from collections.abc import Sequence
from typing import Annotated

from chassis.http import DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter, Depends, Path, Request

from profile_service import commands, store
from profile_service.answers import (
    EmployeeAnswer,
    PassesAnswer,
    PushAnswer,
    SnapshotAnswer,
    SnapshotsAnswer,
)
from profile_service.api.common import HR_PLATFORM_ONLY, ROUTES, existing
from profile_service.api.signatures import Delivery, signed
from profile_service.hr import AnyHrEvent, Result
from profile_service.requests import PUSH_BODY, pushed_events

router = APIRouter(**ROUTES)
Pushed = Annotated[Sequence[AnyHrEvent | Result], Depends(pushed_events)]


@router.post(
    "/hr/org-events",
    tags=["hr"],
    dependencies=HR_PLATFORM_ONLY,
    responses=documented(413),
    openapi_extra=PUSH_BODY,
)
async def push_org_events(pushed: Pushed, request: Request, database: DatabaseDep) -> PushAnswer:
    """Push changes of the organisation, at most 10,000 a call. Each is applied, ignored or refused by itself."""
    chunk_events: int = request.app.state.settings.hr_chunk_events
    return PushAnswer.of(await commands.push_org_events(database, pushed, chunk_events))


@router.post("/hr/signed-org-events/{client}", tags=["hr"], responses=documented(413), openapi_extra=PUSH_BODY)
async def push_signed_org_events(
    delivery: Annotated[Delivery, Depends(signed)], pushed: Pushed, request: Request, database: DatabaseDep
) -> PushAnswer:
    """The same, signed by Standard Webhooks instead of signing in. A repeated delivery changes nothing."""
    chunk_events: int = request.app.state.settings.hr_chunk_events
    return await commands.push_delivery(
        database, delivery.client, delivery.id, await request.body(), pushed, chunk_events
    )


@router.get("/hr/snapshots", tags=["hr"], dependencies=HR_PLATFORM_ONLY)
async def list_snapshots(database: DatabaseDep) -> SnapshotsAnswer:
    """How far each sender's newest snapshot has come, and what it could not apply."""
    async with database.connection() as connection:
        found = await store.snapshots(connection)
    return SnapshotsAnswer(items=[SnapshotAnswer.model_validate(snapshot) for snapshot in found])


@router.get("/hr/progress", tags=["hr"], dependencies=HR_PLATFORM_ONLY)
async def read_progress(database: DatabaseDep) -> PassesAnswer:
    """How far the people below changed units, and those of changed programs, have followed in the background."""
    async with database.connection() as connection:
        passes = await store.waiting_passes(connection)
        people = await store.people_by_unit(connection) if passes else {}
        organisation = await store.organisation(connection)
    return PassesAnswer.of(passes, people, organisation)


@router.get("/hr/people/{employee_number}", tags=["hr"], dependencies=HR_PLATFORM_ONLY, responses=documented(404))
async def read_employee(employee_number: Annotated[str, Path(max_length=200)], database: DatabaseDep) -> EmployeeAnswer:
    """What the platform knows of an employee number."""
    async with database.connection() as connection:
        return EmployeeAnswer.model_validate(existing(await store.employee(connection, employee_number)))
