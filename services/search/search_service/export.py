"""The read path of a data export: what this service keeps of a person. It is little, and says what it does not keep."""

from datetime import UTC, datetime
from typing import Any

from chassis.export import PAGE, Accept, Export, exported
from chassis.http import DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter
from fastapi.responses import Response

from search_service.api import Employee

ABOUT = (
    "A copy of your profile that colleagues can find, what you can take as a mentor, and how often you searched. The "
    "words that you searched for are not kept with you: those that mean no skill are counted for 90 days under a code "
    "that does not say who searched them."
)
KEPT = """
SELECT profile, availability,
    coalesce((SELECT searches FROM searcher AS s WHERE s.person_id = asked.person_id), 0) AS searches
FROM (VALUES ($1::uuid)) AS asked (person_id) LEFT JOIN person USING (person_id)
"""

router = APIRouter(prefix="/api/v1", tags=["me"], responses=documented(401, 403, 422, 503))


class SearchExport(Export):
    """Everything that the search service keeps of a person, as it came in events."""

    searches: int
    profile: dict[str, Any] | None
    availability: dict[str, Any] | None


@router.get("/me/searches/export", response_model=SearchExport, responses=PAGE)
async def export_own_searches(caller: Employee, database: DatabaseDep, accept: Accept = None) -> Response:
    """Everything that is kept here about the caller."""
    async with database.connection() as connection:
        row = await connection.fetchrow(KEPT, caller.person)
    assert row, "somebody was asked for"
    about = {"service": "search", "about": ABOUT, "person_id": caller.person, "exported_at": datetime.now(UTC)}
    return exported(SearchExport.model_validate(about | dict(row)), accept)
