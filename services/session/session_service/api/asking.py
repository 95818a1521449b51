"""Steps 1 of the write path and of the read path: before and while a request waits: drafts, edits, expectations."""

from uuid import UUID

from chassis.http import DatabaseDep, IfMatch, etag
from chassis.problems import documented
from fastapi import APIRouter, Response

from session_service import commands, store
from session_service.answers import DraftAnswer, DraftPage, ExpectationAnswer, SessionAnswer
from session_service.api.common import CONCERNED, ROUTES, Employee, SettingsDep, tagged
from session_service.requests import CardBody, DraftBody

router = APIRouter(**ROUTES)


@router.put("/sessions/{session_id}/card", tags=["sessions"], responses=CONCERNED | documented(412, 428))
async def edit(
    session_id: UUID,
    body: CardBody,
    caller: Employee,
    database: DatabaseDep,
    settings: SettingsDep,
    expected_version: IfMatch,
    response: Response,
) -> SessionAnswer:
    """Change what is asked for, until it is answered. Messages in between do not make the ETag an old one."""
    zone = settings.default_time_zone
    answer = await commands.edit(database, caller.person, session_id, body, expected_version, zone)
    return tagged(answer, response)


@router.get("/mentors/{person_id}/expectation", tags=["sessions"], responses=documented(404))
async def expect(
    person_id: UUID, program_id: UUID, caller: Employee, database: DatabaseDep, skill_id: UUID | None = None
) -> ExpectationAnswer:
    """What to expect of a mentor before asking."""
    async with database.connection() as connection:
        return await commands.expect(connection, caller.person, person_id, program_id, skill_id)


@router.get("/me/drafts", tags=["me"])
async def list_drafts(caller: Employee, database: DatabaseDep) -> DraftPage:
    """The caller's requests that are not yet sent."""
    async with database.connection() as connection:
        drafts = await store.drafts_of(connection, caller.person)
    return DraftPage(items=[DraftAnswer.of(draft) for draft in drafts])


@router.post("/me/drafts", tags=["me"], status_code=201, responses=CONCERNED)
async def add_draft(body: DraftBody, caller: Employee, database: DatabaseDep, response: Response) -> DraftAnswer:
    """Keep a request that is not yet sent, at most 20. It goes when it is sent, named as `draft_id`, or deleted."""
    return _tagged(DraftAnswer.of(await commands.add_draft(database, caller.person, body)), response)


@router.put("/me/drafts/{draft_id}", tags=["me"], responses=documented(404, 412, 428))
async def change_draft(
    draft_id: UUID,
    body: DraftBody,
    caller: Employee,
    database: DatabaseDep,
    expected_version: IfMatch,
    response: Response,
) -> DraftAnswer:
    """Replace what a draft says."""
    changed = await commands.change_draft(database, caller.person, draft_id, body, expected_version)
    return _tagged(DraftAnswer.of(changed), response)


@router.delete("/me/drafts/{draft_id}", tags=["me"], status_code=204, responses=documented(404))
async def delete_draft(draft_id: UUID, caller: Employee, database: DatabaseDep) -> None:
    """Forget a draft."""
    await commands.delete_draft(database, caller.person, draft_id)


def _tagged(answer: DraftAnswer, response: Response) -> DraftAnswer:
    response.headers["ETag"] = etag(answer.version)
    return answer
