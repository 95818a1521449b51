"""The read path: what a participant of a program may ask of search, and what an editor of the vocabulary may."""

from typing import Annotated, Literal, cast
from uuid import UUID

from chassis.auth import Caller, allow
from chassis.http import DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter, Depends, Query, Request

from search_service.answers import PeoplePage, UnlinkedTermPage
from search_service.commands import Search, SearchRequest
from search_service.query import Choices
from search_service.settings import Settings
from search_service.unlinked_terms import unlinked_terms

router = APIRouter(prefix="/api/v1", tags=["search"], responses=documented(401, 403, 404, 422, 503))

Employee = Annotated[Caller, Depends(allow("employee"))]
EDITORS = [Depends(allow("program_owner", "operator", "skill_editor"))]
Position = Annotated[str | None, Query(max_length=500)]
PeoplePosition = Annotated[
    str | None,
    Query(
        max_length=500,
        description="`next_cursor` of the page before. What people or their availability change between two pages may "
        "move somebody from one to the other, so that they come twice or not at all.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=100)]
Values = Annotated[list[Annotated[str, Query(max_length=200)]] | None, Query(max_length=20)]
JobLevel = Annotated[int | None, Query(ge=1, le=20)]


def get_choices(
    unit: Values = None,
    location: Values = None,
    language: Values = None,
    level_min: Annotated[int | None, Query(ge=1, le=5, description="Of the chosen skill.")] = None,
    job_level_min: JobLevel = None,
    job_level_max: JobLevel = None,
    available: Annotated[Literal["yes", "any"], Query(description="Only who can take a request now.")] = "yes",
) -> Choices:
    """What the searcher narrows the result to; several values of one filter are alternatives."""
    return Choices(
        unit=tuple(unit or ()),
        location=tuple(location or ()),
        language=tuple(language or ()),
        level_min=level_min,
        job_level_min=job_level_min,
        job_level_max=job_level_max,
        available_only=available == "yes",
    )


@router.get("/programs/{program_id}/people")
async def search_people(
    program_id: UUID,
    request: Request,
    caller: Employee,
    choices: Annotated[Choices, Depends(get_choices)],
    q: Annotated[str, Query(max_length=256, description="What you want to learn, in your own words.")] = "",
    skill: Values = None,
    cursor: PeoplePosition = None,
    limit: Limit = 20,
) -> PeoplePage:
    """Find colleagues of a program by what they know and where they work."""
    search = cast("Search", request.app.state.search)
    return await search.people(
        SearchRequest(
            program_id=program_id,
            searcher_id=caller.person,
            text=q,
            skills=tuple(skill or ()),
            choices=choices,
            cursor=cursor,
            limit=limit,
            request_id=request.state.request_id,
        )
    )


@router.get("/search/unlinked-terms", dependencies=EDITORS)
async def list_unlinked_terms(
    request: Request, database: DatabaseDep, cursor: Position = None, limit: Limit = 20
) -> UnlinkedTermPage:
    """What several people searched and no skill is called: names that the vocabulary may lack, most searched first."""
    settings = cast("Settings", request.app.state.settings)
    return await unlinked_terms(database, cursor, limit, settings.unlinked_terms_keep_days)
