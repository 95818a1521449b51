"""Step 1 of the read path: what owners and auditors may look into: rules before they hold, versions, the audit log."""

from typing import Annotated
from uuid import UUID

from chassis.auth import Caller, allow
from chassis.database import Transaction
from chassis.http import Cursor, DatabaseDep
from chassis.problems import Forbidden, documented
from fastapi import APIRouter, Depends, Query

from profile_service import commands, model, store
from profile_service.answers import (
    AuditItem,
    AuditPage,
    PreviewAnswer,
    ProgramVersionItem,
    ProgramVersionPage,
    VisibilityAnswer,
)
from profile_service.api.common import ROUTES, Limit, Owner, Position, existing
from profile_service.model import Program
from profile_service.requests import PreviewRequest

router = APIRouter(**ROUTES)

SAMPLE = 20
Overseer = Annotated[Caller, Depends(allow("program_owner", "auditor"))]
AUDITORS = [Depends(allow("auditor", "operator"))]


@router.post("/programs/preview", tags=["programs"], responses=documented(404))
async def preview_rule(body: PreviewRequest, caller: Owner, database: DatabaseDep) -> PreviewAnswer:
    """Try a rule before it is saved: whom it would admit now, and what that would change in a program of the caller's.

    Names are of those who take part in a program that the caller owns or takes part in, too; at most 20.
    """
    model.check_rule(body.eligibility)
    async with database.connection() as connection:
        organisation = await store.organisation(connection)
        commands.check_units(organisation, body.eligibility)
        present = await _own(connection, caller, body.program_id) if body.program_id else None
        rule = present.body.eligibility if present else None
        counts = await store.count_matches(connection, organisation, body.eligibility, rule)
        shared = await _shared(connection, caller.person)
        sample = await store.sample_matches(connection, organisation, body.eligibility, shared, SAMPLE)
    return PreviewAnswer.of(counts, organisation, sample, compared=rule is not None)


@router.get("/programs/{program_id}/versions", tags=["programs"], responses=documented(404))
async def list_program_versions(
    program_id: UUID, caller: Overseer, database: DatabaseDep, cursor: Position = None, limit: Limit = 20
) -> ProgramVersionPage:
    """Every version of a program, newest first, with who made it; for its owners and auditors."""
    async with database.connection() as connection:
        await _overseen(connection, caller, program_id)
        found = await store.program_versions(connection, program_id, Cursor.decode(cursor, int), limit + 1)
    items = [ProgramVersionItem.model_validate(version) for version in found[:limit]]
    following = Cursor.encode(items[-1].version) if len(found) > limit else None
    return ProgramVersionPage(items=items, next_cursor=following)


@router.get("/programs/{program_id}/visibility", tags=["programs"], responses=documented(404))
async def read_visibility(program_id: UUID, caller: Overseer, database: DatabaseDep) -> VisibilityAnswer:
    """Who can see what of whom in a program, and why; for its owners, auditors and the works council."""
    async with database.connection() as connection:
        program = await _overseen(connection, caller, program_id)
        counts = await store.count_participants(connection, program_id)
        versions = await store.program_versions(connection, program_id, None, model.FIELD_VERSIONS)
    return VisibilityAnswer.of(program, counts, versions)


@router.get("/audit", tags=["audit"], dependencies=AUDITORS)
async def list_audit(
    database: DatabaseDep,
    subject_kind: Annotated[str | None, Query(max_length=50, description="program, skill or person")] = None,
    subject_id: UUID | None = None,
    cursor: Position = None,
    limit: Limit = 20,
) -> AuditPage:
    """Every administrative change, newest first, with the state before and after."""
    async with database.connection() as connection:
        after = Cursor.decode(cursor, int)
        found = await store.audit_entries(connection, subject_kind, subject_id, after, limit + 1)
    items = [AuditItem.model_validate(entry) for entry in found[:limit]]
    return AuditPage(items=items, next_cursor=Cursor.encode(items[-1].id) if len(found) > limit else None)


async def _own(connection: Transaction, caller: Caller, program_id: UUID) -> Program:
    program = existing(await store.program(connection, program_id))
    if not program.owned_by(caller.person, await store.person(connection, caller.person)):
        raise Forbidden("Only its owners see this of a program.")
    return program


async def _overseen(connection: Transaction, caller: Caller, program_id: UUID) -> Program:
    if "auditor" in caller.roles:
        return existing(await store.program(connection, program_id))
    return await _own(connection, caller, program_id)


async def _shared(connection: Transaction, person_id: UUID) -> list[UUID]:
    """The programs in whose people somebody may see: those they own, and those they take part in."""
    person = await store.person(connection, person_id)
    programs = await store.programs(connection)
    owned = [program.program_id for program in programs if program.owned_by(person_id, person)]
    return owned + [part.program_id for part in person.participations] if person else owned
