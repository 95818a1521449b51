"""Steps 1 of the write path and of the read path: meeting again."""

from uuid import UUID

from chassis.http import DatabaseDep
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
