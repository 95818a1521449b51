"""Steps 1 of the write path and of the read path: the skill vocabulary."""

from uuid import UUID

from chassis.http import Cursor, DatabaseDep, IdempotencyKey, IfMatch
from chassis.problems import documented
from fastapi import APIRouter, Response

from profile_service import commands, model, store
from profile_service.answers import (
    SkillAnswer,
    SkillPage,
)
from profile_service.api.common import (
    ROUTES,
    SKILL_READERS,
    Editor,
    Limit,
    NamePart,
    Position,
    existing,
    tagged,
)
from profile_service.requests import SkillEdit

router = APIRouter(**ROUTES)


@router.get("/skills", tags=["skills"], dependencies=SKILL_READERS)
async def list_skills(database: DatabaseDep, q: NamePart = "", cursor: Position = None, limit: Limit = 20) -> SkillPage:
    """The vocabulary: skills with a name that is `q`, then those where one begins with it, then holds it; by label."""
    after = Cursor.decode(cursor, int, str, UUID)
    async with database.connection() as connection:
        found = await store.skills(connection, model.normalised(q) or None, after, limit + 1)
    rank, last = found[:limit][-1] if len(found) > limit else (0, None)
    items = [SkillAnswer.model_validate(skill) for _, skill in found[:limit]]
    return SkillPage(items=items, next_cursor=Cursor.encode(rank, last.label, last.skill_id) if last else None)


@router.post("/skills", tags=["skills"], status_code=201, responses=documented(409))
async def create_skill(
    body: SkillEdit, caller: Editor, database: DatabaseDep, response: Response, key: IdempotencyKey = None
) -> SkillAnswer:
    """Add a skill to the vocabulary."""
    answer = await commands.create_skill(database, caller, body, key)
    response.headers["Location"] = f"/api/v1/skills/{answer.skill_id}"
    return tagged(answer, response)


@router.get("/skills/{skill_id}", tags=["skills"], dependencies=SKILL_READERS, responses=documented(404))
async def read_skill(skill_id: UUID, database: DatabaseDep, response: Response) -> SkillAnswer:
    """One skill of the vocabulary."""
    async with database.connection() as connection:
        skill = existing(await store.skill(connection, skill_id))
    return tagged(SkillAnswer.model_validate(skill), response)


@router.put("/skills/{skill_id}", tags=["skills"], responses=documented(404, 409, 412, 428))
async def edit_skill(
    skill_id: UUID,
    body: SkillEdit,
    caller: Editor,
    database: DatabaseDep,
    expected_version: IfMatch,
    response: Response,
) -> SkillAnswer:
    """Rename or retire a skill, change its aliases, or merge it: `merged_into` then has its names and its people."""
    return tagged(await commands.edit_skill(database, caller, skill_id, body, expected_version), response)
