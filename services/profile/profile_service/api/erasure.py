"""Steps 1 of the write path and of the read path: a person is forgotten, and sees how far it is."""

from typing import Annotated
from uuid import UUID

from chassis.auth import Caller, allow
from chassis.database import Database
from chassis.http import DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter, Depends

from profile_service import commands, store
from profile_service.answers import ErasureAnswer
from profile_service.api.common import ROUTES, Employee, existing
from profile_service.requests import ErasureOrder, OwnErasure

router = APIRouter(**ROUTES, tags=["erasure"])

Operator = Annotated[Caller, Depends(allow("operator"))]
OPERATORS = [Depends(allow("operator"))]


@router.post("/me/erasure", status_code=202, responses=documented(404))
async def erase_oneself(_body: OwnErasure, caller: Employee, database: DatabaseDep) -> ErasureAnswer:
    """Forget the caller, everywhere and for ever. Should HR say again that they work here, they begin anew."""
    return ErasureAnswer.of(await commands.request_erasure(database, caller.person, "own_request", caller))


@router.get("/me/erasure", responses=documented(404))
async def read_own_erasure(caller: Employee, database: DatabaseDep) -> ErasureAnswer:
    """How far the forgetting of the caller is."""
    return await _progress(database, caller.person)


@router.post("/people/{person_id}/erasure", status_code=202, responses=documented(404))
async def erase_person(person_id: UUID, body: ErasureOrder, caller: Operator, database: DatabaseDep) -> ErasureAnswer:
    """Forget somebody, everywhere and for ever. Repeated, it asks services that have not confirmed once more."""
    return ErasureAnswer.of(await commands.request_erasure(database, person_id, body.reason, caller, again=True))


@router.get("/people/{person_id}/erasure", dependencies=OPERATORS, responses=documented(404))
async def read_erasure(person_id: UUID, database: DatabaseDep) -> ErasureAnswer:
    """How far the forgetting of somebody is."""
    return await _progress(database, person_id)


async def _progress(database: Database, person_id: UUID) -> ErasureAnswer:
    async with database.connection() as connection:
        return ErasureAnswer.of(existing(await store.erasure(connection, person_id)))
