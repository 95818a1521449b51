"""Step 1 of the read path: a person's own data, whole."""

from chassis.export import PAGE, Accept, exported
from chassis.http import DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter
from fastapi.responses import Response

from profile_service import store
from profile_service.answers import OwnProfile, ProfileExport
from profile_service.api.common import ROUTES, Employee, remembered, today
from profile_service.scim.store import user_of

router = APIRouter(**ROUTES)


@router.get("/me/export", tags=["me"], response_model=ProfileExport, responses=PAGE | documented(404))
async def export_own_data(caller: Employee, database: DatabaseDep, accept: Accept = None) -> Response:
    """Everything that is kept here about the caller."""
    async with database.connection() as connection:
        person = remembered(await store.person(connection, caller.person))
        programs = await store.programs(connection)
        unwanted = await store.dismissed(connection, caller.person)
        reminded_on = await store.reminded_on(connection, caller.person)
        claimed = await store.skills_by_id(connection, [skill.skill_id for skill in person.declared.skills])
        user = await user_of(connection, person.employee_number)
    profile = OwnProfile.of(person, {skill.skill_id: skill for skill in claimed}, reminded_on, today())
    owned = sorted(program.body.name for program in programs if person.person_id in program.owners)
    return exported(ProfileExport.of_person(person, profile, owned, unwanted, user), accept)
