"""Step 1 of the write path, and the read path: what people, owners and the HR platform may ask of profiles."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from chassis.auth import Caller, allow
from chassis.database import Transaction
from chassis.http import Cursor, DatabaseDep, IdempotencyKey, IfMatch, etag
from chassis.problems import NotFound, documented
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from profile_service import commands, model, store
from profile_service.answers import (
    EmployeeAnswer,
    OwnProfile,
    PersonAnswer,
    ProgramAnswer,
    ProgramItem,
    ProgramPage,
    PushAnswer,
    SkillAnswer,
    SkillPage,
    UnitPage,
)
from profile_service.model import Person
from profile_service.requests import OrgEvents, ProfileEdit, ProgramEdit, RolesChoice, SkillEdit

router = APIRouter(prefix="/api/v1", responses=documented(401, 403, 422, 503))

HR_PLATFORM_ONLY = [Depends(allow("hr_platform"))]
READERS = [Depends(allow("employee", "program_owner", "operator"))]
EDITORS = [Depends(allow("program_owner", "operator"))]
Employee = Annotated[Caller, Depends(allow("employee"))]
Owner = Annotated[Caller, Depends(allow("program_owner"))]
Editor = Annotated[Caller, Depends(allow("program_owner", "operator"))]

Limit = Annotated[int, Query(ge=1, le=100)]
Position = Annotated[str | None, Query(max_length=500)]
NamePart = Annotated[str, Query(max_length=200)]

T = TypeVar("T")
TaggedT = TypeVar("TaggedT", OwnProfile, ProgramAnswer, SkillAnswer)


@router.post("/hr/org-events", tags=["hr"], dependencies=HR_PLATFORM_ONLY, responses=documented(413))
async def push_org_events(body: OrgEvents, request: Request, database: DatabaseDep) -> PushAnswer:
    """Push changes of the organisation, at most 10,000 a call. Each is applied, ignored or refused by itself."""
    chunk_events: int = request.app.state.settings.hr_chunk_events
    return PushAnswer.of(await commands.push_org_events(database, body.events, chunk_events))


@router.get("/hr/people/{employee_number}", tags=["hr"], dependencies=HR_PLATFORM_ONLY, responses=documented(404))
async def read_employee(employee_number: Annotated[str, Path(max_length=200)], database: DatabaseDep) -> EmployeeAnswer:
    """What the platform knows of an employee number."""
    async with database.connection() as connection:
        return EmployeeAnswer.model_validate(_found(await store.employee(connection, employee_number)))


@router.get("/me/profile", tags=["me"], responses=documented(404))
async def read_own_profile(caller: Employee, database: DatabaseDep, response: Response) -> OwnProfile:
    """The caller's own profile."""
    async with database.connection() as connection:
        return _own(_found(await store.person(connection, caller.person)), response)


@router.put("/me/profile", tags=["me"], responses=documented(404, 412, 428))
async def edit_own_profile(
    body: ProfileEdit, caller: Employee, database: DatabaseDep, expected_version: IfMatch, response: Response
) -> OwnProfile:
    """Replace what the caller says of themselves."""
    declared = body.declared(datetime.now(UTC).date())
    return _own(await commands.edit_profile(database, caller.person, declared, expected_version), response)


@router.put("/me/participations/{program_id}", tags=["me"], responses=documented(404))
async def choose_roles(
    program_id: UUID, body: RolesChoice, caller: Employee, database: DatabaseDep, response: Response
) -> OwnProfile:
    """Choose the roles to take in a program; none to stay out."""
    return _own(await commands.choose_roles(database, caller.person, program_id, body.roles), response)


@router.get("/people/{person_id}", tags=["people"], responses=documented(404))
async def read_person(person_id: UUID, caller: Employee, database: DatabaseDep) -> PersonAnswer:
    """A colleague who takes part in a program of the caller's."""
    async with database.connection() as connection:
        person = _found(await store.person(connection, person_id))
        viewer = _found(await store.person(connection, caller.person))
        shown = model.shown_fields(person, viewer, await store.programs(connection))
        if shown is None:
            raise NotFound
        return PersonAnswer.of(person, shown, await _labels(connection, person))


@router.get("/programs", tags=["programs"])
async def list_programs(
    caller: Employee, database: DatabaseDep, cursor: Position = None, limit: Limit = 20
) -> ProgramPage:
    """The programs that the caller owns or takes part in, by name."""
    async with database.connection() as connection:
        person = await store.person(connection, caller.person)
        joined = [part.program_id for part in person.participations] if person else []
        after = Cursor.decode(cursor, str, UUID)
        found = await store.programs_of(connection, caller.person, joined, after, limit + 1)
    items = [
        ProgramItem(
            program_id=program.program_id,
            name=program.body.name,
            status=program.status,
            starts_on=program.body.starts_on,
            ends_on=program.body.ends_on,
            owned=caller.person in program.owners,
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
    return _tagged(answer, response)


@router.get("/programs/{program_id}", tags=["programs"], responses=documented(404))
async def read_program(program_id: UUID, caller: Employee, database: DatabaseDep, response: Response) -> ProgramAnswer:
    """A program of the caller's."""
    async with database.connection() as connection:
        programs = {program.program_id: program for program in await store.programs(connection)}
        program, person = _found(programs.get(program_id)), await store.person(connection, caller.person)
        joined = {part.program_id for part in person.participations} if person else set()
        if caller.person not in program.owners and program_id not in joined:
            raise NotFound
        return _tagged(ProgramAnswer.of(program, await store.progress(connection, program_id)), response)


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
    return _tagged(await commands.edit_program(database, caller.person, program_id, body, expected_version), response)


@router.get("/units", tags=["units"], dependencies=READERS)
async def list_units(database: DatabaseDep, q: NamePart = "", cursor: Position = None, limit: Limit = 20) -> UnitPage:
    """Open units whose name contains `q`, by name."""
    async with database.connection() as connection:
        organisation = await store.organisation(connection)
    found = UnitPage.of(organisation, q, Cursor.decode(cursor, str, str), limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return UnitPage(items=found[:limit], next_cursor=Cursor.encode(last.name, last.unit_id) if last else None)


@router.get("/skills", tags=["skills"], dependencies=READERS)
async def list_skills(database: DatabaseDep, q: NamePart = "", cursor: Position = None, limit: Limit = 20) -> SkillPage:
    """The vocabulary: skills with a name that contains `q`, by label."""
    async with database.connection() as connection:
        found = await store.skills(connection, model.normalised(q) or None, Cursor.decode(cursor, str, UUID), limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    items = [SkillAnswer.model_validate(skill) for skill in found[:limit]]
    return SkillPage(items=items, next_cursor=Cursor.encode(last.label, last.skill_id) if last else None)


@router.post("/skills", tags=["skills"], status_code=201, responses=documented(409))
async def create_skill(
    body: SkillEdit, caller: Editor, database: DatabaseDep, response: Response, key: IdempotencyKey = None
) -> SkillAnswer:
    """Add a skill to the vocabulary."""
    answer = await commands.create_skill(database, caller, body, key)
    response.headers["Location"] = f"/api/v1/skills/{answer.skill_id}"
    return _tagged(answer, response)


@router.get("/skills/{skill_id}", tags=["skills"], dependencies=READERS, responses=documented(404))
async def read_skill(skill_id: UUID, database: DatabaseDep, response: Response) -> SkillAnswer:
    """One skill of the vocabulary."""
    async with database.connection() as connection:
        skill = _found(await store.skill(connection, skill_id))
    return _tagged(SkillAnswer.model_validate(skill), response)


@router.put("/skills/{skill_id}", tags=["skills"], dependencies=EDITORS, responses=documented(404, 409, 412, 428))
async def edit_skill(
    skill_id: UUID,
    body: SkillEdit,
    database: DatabaseDep,
    expected_version: IfMatch,
    response: Response,
) -> SkillAnswer:
    """Rename, retire or merge a skill, or change its aliases."""
    return _tagged(await commands.edit_skill(database, skill_id, body, expected_version), response)


def _found(value: T | None) -> T:
    if value is None:
        raise NotFound
    return value


def _own(person: Person, response: Response) -> OwnProfile:
    return _tagged(OwnProfile.of(person), response)


def _tagged(answer: TaggedT, response: Response) -> TaggedT:
    response.headers["ETag"] = etag(answer.version)
    return answer


async def _labels(connection: Transaction, person: Person) -> dict[UUID, str]:
    claimed: Collection[UUID] = [skill.skill_id for skill in person.declared.skills]
    return {skill.skill_id: skill.label for skill in await store.skills_by_id(connection, claimed)}
