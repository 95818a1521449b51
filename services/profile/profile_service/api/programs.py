"""Steps 1 of the write path and of the read path: programs and the units that their rules name."""

from functools import partial
from uuid import UUID

from chassis.http import Cursor, DatabaseDep, IdempotencyKey, IfMatch
from chassis.problems import NotFound, documented
from fastapi import APIRouter, Response

from profile_service import commands, store
from profile_service.answers import (
    ProgramAnswer,
    ProgramItem,
    ProgramPage,
    UnitPage,
)
from profile_service.api.common import READERS, ROUTES, Employee, Limit, NamePart, Owner, Position, existing, tagged
from profile_service.model import Program, may_own
from profile_service.requests import ProgramEdit

router = APIRouter(**ROUTES)


@router.get("/programs", tags=["programs"])
async def list_programs(
    caller: Employee, database: DatabaseDep, cursor: Position = None, limit: Limit = 20
) -> ProgramPage:
    """The programs that the caller owns or takes part in, by name."""
    async with database.connection() as connection:
        person = await store.person(connection, caller.person)
        joined = [part.program_id for part in person.participations] if person else []
        owner = caller.person if may_own(person) else None
        after = Cursor.decode(cursor, str, UUID)
        found = await store.programs_of(connection, owner, joined, after, limit + 1)
    items = [
        ProgramItem(
            program_id=program.program_id,
            name=program.body.name,
            status=program.status,
            starts_on=program.body.starts_on,
            ends_on=program.body.ends_on,
            owned=program.owned_by(caller.person, person),
        )
        for program in found[:limit]
    ]
    last = items[-1] if len(found) > limit else None
    return ProgramPage(items=items, next_cursor=Cursor.encode(last.name, str(last.program_id)) if last else None)


@router.post("/programs", tags=["programs"], status_code=201, responses=documented(409))
async def create_program(
    body: ProgramEdit, caller: Owner, database: DatabaseDep, response: Response, key: IdempotencyKey = None
) -> ProgramAnswer:
    """Start a program; the caller owns it."""
    answer = await commands.create_program(database, caller, body, key)
    response.headers["Location"] = f"/api/v1/programs/{answer.program_id}"
    return tagged(answer, response)


@router.get("/programs/{program_id}", tags=["programs"], responses=documented(404))
async def read_program(program_id: UUID, caller: Employee, database: DatabaseDep, response: Response) -> ProgramAnswer:
    """A program of the caller's."""
    async with database.connection() as connection:
        program = existing(await store.program(connection, program_id))
        person = await store.person(connection, caller.person)
        joined = {part.program_id for part in person.participations} if person else set()
        owned = program.owned_by(caller.person, person)
        if not owned and program_id not in joined:
            raise NotFound
        answer = ProgramAnswer.of(program, await store.progress(connection, program_id))
    return tagged(answer if owned else answer.for_participants(), response)


@router.put("/programs/{program_id}", tags=["programs"], responses=documented(404, 412, 428))
async def edit_program(
    program_id: UUID,
    body: ProgramEdit,
    caller: Owner,
    database: DatabaseDep,
    expected_version: IfMatch,
    response: Response,
) -> ProgramAnswer:
    """Change a program; everyone's participation follows in the background."""
    edit = partial(Program.edited, body=body.body, expected_version=expected_version)
    return tagged(await commands.change_program(database, caller, program_id, "edited", edit), response)


@router.get("/units", tags=["units"], dependencies=READERS)
async def list_units(database: DatabaseDep, q: NamePart = "", cursor: Position = None, limit: Limit = 20) -> UnitPage:
    """Open units whose name contains `q`, by name."""
    async with database.connection() as connection:
        organisation = await store.organisation(connection)
    found = UnitPage.of(organisation, q, Cursor.decode(cursor, str, str), limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return UnitPage(items=found[:limit], next_cursor=Cursor.encode(last.name, last.unit_id) if last else None)
