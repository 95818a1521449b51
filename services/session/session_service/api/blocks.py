"""Steps 1 of the write path and of the read path: whom somebody wants nothing to do with."""

from uuid import UUID

from chassis.http import DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter

from session_service import commands, store
from session_service.answers import BlockItem, BlockPage
from session_service.api.common import CONCERNED, ROUTES, Employee

router = APIRouter(**ROUTES)


@router.get("/me/blocks", tags=["me"])
async def list_blocks(caller: Employee, database: DatabaseDep) -> BlockPage:
    """Whom the caller blocked. Nobody else sees it."""
    async with database.connection() as connection:
        found = await store.blocks_of(connection, caller.person)
    return BlockPage(items=[BlockItem.model_validate(block) for block in found])


@router.put("/me/blocks/{person_id}", tags=["me"], status_code=204, responses=CONCERNED)
async def block(person_id: UUID, caller: Employee, database: DatabaseDep) -> None:
    """Neither finds, asks or writes to the other from now on; the other is not told, and cannot see why.

    Requests between the two end, as if the mentor were not available or the learner took them back, and are passed on
    if they were asked in turn. Sessions that have not begun are cancelled, without a reason.
    """
    await commands.block(database, caller.person, person_id)


@router.delete("/me/blocks/{person_id}", tags=["me"], status_code=204, responses=documented(404))
async def unblock(person_id: UUID, caller: Employee, database: DatabaseDep) -> None:
    """End a block."""
    await commands.unblock(database, caller.person, person_id)
