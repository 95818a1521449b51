"""The read path of a data export: numbers under a person's id are all that this service keeps, nothing anybody said."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from chassis.auth import Caller, allow
from chassis.export import PAGE, Accept, Export, exported
from chassis.http import Answer, DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter, Depends
from fastapi.responses import Response

ABOUT = (
    "Numbers under your id: in what you had a part, on which day, and in which department you stood then. No names, no "
    "texts. Reports show groups of five people and more, never you."
)
PARTS = """
SELECT program_id, measure, day, amount FROM rollup_person WHERE person_id = $1 AND amount > 0
ORDER BY day, program_id, measure
"""
PLACES = """
SELECT p.valid_from, u.name AS department FROM person_unit AS p JOIN unit AS u USING (unit_id)
WHERE person_id = $1 ORDER BY version
"""

router = APIRouter(prefix="/api/v1", tags=["me"], responses=documented(401, 403, 422, 503))

Employee = Annotated[Caller, Depends(allow("employee"))]


class Part(Answer):
    """In how many cases of a measure the person had a part on a day."""

    program_id: UUID
    measure: str
    day: date
    amount: int


class Place(Answer):
    """The department in which the person stands from a moment on."""

    valid_from: datetime
    department: str


class FiguresExport(Export):
    """Everything that the analytics service keeps of a person."""

    parts: list[Part]
    places: list[Place]


@router.get("/me/figures/export", response_model=FiguresExport, responses=PAGE)
async def export_own_figures(caller: Employee, database: DatabaseDep, accept: Accept = None) -> Response:
    """Everything that is kept here about the caller."""
    async with database.connection() as connection:
        parts = [Part(**row) for row in await connection.fetch(PARTS, caller.person)]
        places = [Place(**row) for row in await connection.fetch(PLACES, caller.person)]
    export = FiguresExport(
        service="analytics",
        about=ABOUT,
        person_id=caller.person,
        exported_at=datetime.now(UTC),
        parts=parts,
        places=places,
    )
    return exported(export, accept)
