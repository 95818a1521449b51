"""Steps 1 of the write path and of the read path: people's own profiles and those of colleagues."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.http import DatabaseDep, IfMatch
from chassis.problems import NotFound, documented
from fastapi import APIRouter, Response

from profile_service import commands, model, store
from profile_service.answers import (
    OwnProfile,
    PersonAnswer,
)
from profile_service.api.common import ROUTES, Employee, existing, tagged
from profile_service.model import Person, VocabularySkill
from profile_service.requests import ProfileEdit, RolesChoice

router = APIRouter(**ROUTES)


@router.get("/me/profile", tags=["me"], responses=documented(404))
async def read_own_profile(caller: Employee, database: DatabaseDep, response: Response) -> OwnProfile:
    """The caller's own profile."""
    async with database.connection() as connection:
        person = existing(await store.person(connection, caller.person))
    if person.erased:
        raise NotFound
    return await _own(database, person, response)


@router.put("/me/profile", tags=["me"], responses=documented(404, 412, 428))
async def edit_own_profile(
    body: ProfileEdit, caller: Employee, database: DatabaseDep, expected_version: IfMatch, response: Response
) -> OwnProfile:
    """Replace what the caller says of themselves."""
    declared = body.declared(datetime.now(UTC).date())
    person = await commands.edit_profile(database, caller.person, declared, expected_version)
    return await _own(database, person, response)


@router.put("/me/participations/{program_id}", tags=["me"], responses=documented(404))
async def choose_roles(
    program_id: UUID, body: RolesChoice, caller: Employee, database: DatabaseDep, response: Response
) -> OwnProfile:
    """Choose the roles to take in a program, none to stay out; one may be paused until a day."""
    person = await commands.choose_roles(database, caller.person, program_id, body.choice)
    return await _own(database, person, response)


@router.get("/people/{person_id}", tags=["people"], responses=documented(404))
async def read_person(person_id: UUID, caller: Employee, database: DatabaseDep) -> PersonAnswer:
    """A colleague who takes part in a program of the caller's."""
    async with database.connection() as connection:
        person = existing(await store.person(connection, person_id))
        viewer = existing(await store.person(connection, caller.person))
        shown = model.shown_fields(person, viewer, await store.programs(connection))
        if shown is None:
            raise NotFound
        return PersonAnswer.of(person, shown, await _claimed(connection, person))


async def _own(database: Database, person: Person, response: Response) -> OwnProfile:
    async with database.connection() as connection:
        claimed = await _claimed(connection, person)
    return tagged(OwnProfile.of(person, claimed.values()), response)


async def _claimed(connection: Transaction, person: Person) -> dict[UUID, VocabularySkill]:
    """The entries of the vocabulary that a person claims."""
    skill_ids = [skill.skill_id for skill in person.declared.skills]
    return {skill.skill_id: skill for skill in await store.skills_by_id(connection, skill_ids)}
