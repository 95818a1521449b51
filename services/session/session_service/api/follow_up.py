"""Steps 1 of the write path and of the read path: meeting again."""

from uuid import UUID

from chassis.http import DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter

from session_service import commands, store
from session_service.answers import RelationshipItem, RelationshipPage
from session_service.api.common import CONCERNED, ROUTES, Employee
from session_service.requests import WishBody

router = APIRouter(**ROUTES)


@router.post("/sessions/{session_id}/meet-again", tags=["sessions"], status_code=204, responses=CONCERNED)
async def wish_to_meet_again(session_id: UUID, body: WishBody, caller: Employee, database: DatabaseDep) -> None:
    """Say, privately, whether to meet again. The answer is the same whatever the other said."""
    await commands.wish(database, caller.person, session_id, body.wish)


@router.get("/me/relationships", tags=["me"])
async def list_relationships(caller: Employee, database: DatabaseDep) -> RelationshipPage:
    """Those whom the caller meets again."""
    async with database.connection() as connection:
        found = await store.relationships_of(connection, caller.person)
    return RelationshipPage(items=[RelationshipItem.model_validate(row) for row in found])


@router.delete("/me/relationships/{program_id}/{person_id}", tags=["me"], status_code=204, responses=documented(404))
async def end_relationship(program_id: UUID, person_id: UUID, caller: Employee, database: DatabaseDep) -> None:
    """Meet somebody no more; the other sees no more than that the list is shorter."""
    await commands.part(database, caller.person, program_id, person_id)
