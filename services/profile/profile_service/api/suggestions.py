"""Steps 1 of the write path and of the read path: skills that are suggested to people."""

from uuid import UUID

from chassis.http import DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter, Response

from profile_service import commands, store
from profile_service.answers import OwnProfile, Suggestions
from profile_service.api.common import ROUTES, Employee, remembered, today
from profile_service.api.people import own_profile
from profile_service.requests import Acceptance

router = APIRouter(**ROUTES)


@router.get("/me/skill-suggestions", tags=["me"], responses=documented(404))
async def list_suggestions(caller: Employee, database: DatabaseDep) -> Suggestions:
    """Skills that the caller's job title and experience hint at, and that are not on their profile."""
    async with database.connection() as connection:
        person = remembered(await store.person(connection, caller.person))
        return Suggestions(items=await commands.suggestions(connection, person))


@router.post("/me/skill-suggestions/{skill_id}/accept", tags=["me"], responses=documented(404))
async def accept_suggestion(
    skill_id: UUID, body: Acceptance, caller: Employee, database: DatabaseDep, response: Response
) -> OwnProfile:
    """Put a suggested skill on the caller's profile."""
    edited = await commands.accept_suggestion(database, caller.person, skill_id, body.level, today())
    return await own_profile(database, edited, response)


@router.post("/me/skill-suggestions/{skill_id}/dismiss", tags=["me"], status_code=204, responses=documented(404))
async def dismiss_suggestion(skill_id: UUID, caller: Employee, database: DatabaseDep) -> None:
    """Have a skill never suggested again."""
    await commands.dismiss_suggestion(database, caller.person, skill_id)
