"""Step 1 of the write path: who owns a program, and how it ends, is copied or goes on."""

from functools import partial
from uuid import UUID

from chassis.http import DatabaseDep, IdempotencyKey, IfMatch
from chassis.problems import documented
from fastapi import APIRouter, Response

from profile_service import commands
from profile_service.answers import ProgramAnswer
from profile_service.api.common import ROUTES, Owner, OwnerOrOperator, tagged
from profile_service.model import Program
from profile_service.requests import NextPeriod

router = APIRouter(**ROUTES, tags=["programs"])
CHANGING = documented(404, 409, 412, 428)


@router.put("/programs/{program_id}/owners/{person_id}", responses=CHANGING)
async def add_owner(
    program_id: UUID,
    person_id: UUID,
    caller: OwnerOrOperator,
    database: DatabaseDep,
    expected_version: IfMatch,
    response: Response,
) -> ProgramAnswer:
    """Let another person own a program of the caller's, too; an operator may in any, also when its owners have left."""
    return tagged(await commands.add_owner(database, caller, program_id, person_id, expected_version), response)


@router.delete("/programs/{program_id}/owners/{person_id}", responses=CHANGING)
async def remove_owner(
    program_id: UUID,
    person_id: UUID,
    caller: Owner,
    database: DatabaseDep,
    expected_version: IfMatch,
    response: Response,
) -> ProgramAnswer:
    """End somebody's ownership, also one's own; the last owner stays."""
    change = partial(Program.without_owner, person_id=person_id, expected_version=expected_version)
    return tagged(await commands.change_program(database, caller, program_id, "owner_removed", change), response)


@router.post("/programs/{program_id}/archive", responses=CHANGING)
async def archive_program(
    program_id: UUID,
    caller: Owner,
    database: DatabaseDep,
    expected_version: IfMatch,
    response: Response,
    key: IdempotencyKey = None,
) -> ProgramAnswer:
    """End a program now: nobody takes part any more, what was stays on record."""
    return tagged(await commands.archive(database, caller, program_id, expected_version, key), response)


@router.post("/programs/{program_id}/clone", status_code=201, responses=documented(404, 409))
async def clone_program(
    program_id: UUID,
    body: NextPeriod,
    caller: Owner,
    database: DatabaseDep,
    response: Response,
    key: IdempotencyKey = None,
) -> ProgramAnswer:
    """Start another program like one of the caller's, who alone owns it; from today, if nothing else is said."""
    return _created(await commands.clone(database, caller, program_id, body, key), response)


@router.post("/programs/{program_id}/roll-over", status_code=201, responses=CHANGING)
async def roll_over_program(
    program_id: UUID,
    body: NextPeriod,
    caller: Owner,
    database: DatabaseDep,
    expected_version: IfMatch,
    response: Response,
    key: IdempotencyKey = None,
) -> ProgramAnswer:
    """Start the next period: a program that takes over when this one ends, with its owners and people's choices."""
    return _created(await commands.roll_over(database, caller, program_id, expected_version, body, key), response)


def _created(answer: ProgramAnswer, response: Response) -> ProgramAnswer:
    response.headers["Location"] = f"/api/v1/programs/{answer.program_id}"
    return tagged(answer, response)
