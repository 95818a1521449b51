"""Steps 1 of the write path and of the read path: people's own profiles and those of colleagues."""

from collections.abc import Collection
from typing import Annotated, Any, Literal
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.http import DatabaseDep, IfMatch
from chassis.problems import NotFound, documented
from fastapi import APIRouter, Body, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from profile_service import commands, model, store
from profile_service.answers import (
    OwnProfile,
    PersonAnswer,
)
from profile_service.api.common import ROUTES, Employee, existing, remembered, tagged, today
from profile_service.model import Person, VocabularySkill
from profile_service.requests import ProfileEdit, RolesChoice

router = APIRouter(**ROUTES)
Viewer = Annotated[
    Literal["program", "unit"],
    Query(alias="as", description="A colleague of the caller's programs, or one who is in the caller's unit, too."),
]
Patch = Annotated[dict[str, Any], Body(media_type="application/merge-patch+json")]


@router.get("/me/profile", tags=["me"], responses=documented(404))
async def read_own_profile(caller: Employee, database: DatabaseDep, response: Response) -> OwnProfile:
    """The caller's own profile."""
    async with database.connection() as connection:
        person = remembered(await store.person(connection, caller.person))
    return await own_profile(database, person, response)


@router.put("/me/profile", tags=["me"], responses=documented(404, 412, 428))
async def edit_own_profile(
    body: ProfileEdit, caller: Employee, database: DatabaseDep, expected_version: IfMatch, response: Response
) -> OwnProfile:
    """Replace what the caller says of themselves. A skill in which nothing changed stays confirmed when it was."""
    edited = await commands.edit_profile(database, caller.person, body, expected_version, today())
    return await own_profile(database, edited, response)


@router.patch("/me/profile", tags=["me"], responses=documented(404, 412, 428))
async def patch_own_profile(
    body: Patch, caller: Employee, database: DatabaseDep, expected_version: IfMatch, response: Response
) -> OwnProfile:
    """Change a part of what the caller says of themselves, by JSON Merge Patch: what is absent stays."""
    try:
        edited = await commands.patch_profile(database, caller.person, body, expected_version, today())
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from None
    return await own_profile(database, edited, response)


@router.post("/me/profile/confirm", tags=["me"], responses=documented(404))
async def confirm_own_profile(caller: Employee, database: DatabaseDep, response: Response) -> OwnProfile:
    """Say that all skills on the caller's profile are still right."""
    return await own_profile(database, await commands.confirm_skills(database, caller.person, today()), response)


@router.get("/me/profile/preview", tags=["me"], responses=documented(404))
async def preview_own_profile(
    caller: Employee, database: DatabaseDep, viewer: Viewer, program_id: UUID | None = None
) -> PersonAnswer:
    """The caller as colleagues see them who share all of the caller's programs, or this one alone."""
    async with database.connection() as connection:
        person = existing(await store.person(connection, caller.person))
        colleague = model.colleague(person, in_unit=viewer == "unit", program_id=program_id)
        return await _as_seen(connection, person, colleague)


@router.put("/me/participations/{program_id}", tags=["me"], responses=documented(404))
async def choose_roles(
    program_id: UUID, body: RolesChoice, caller: Employee, database: DatabaseDep, response: Response
) -> OwnProfile:
    """Choose the roles to take in a program, none to stay out; one may be paused until a day."""
    person = await commands.choose_roles(database, caller.person, program_id, body.choice)
    return await own_profile(database, person, response)


@router.get("/people/{person_id}", tags=["people"], responses=documented(404))
async def read_person(person_id: UUID, caller: Employee, database: DatabaseDep) -> PersonAnswer:
    """A colleague who takes part in a program of the caller's."""
    async with database.connection() as connection:
        person = existing(await store.person(connection, person_id))
        viewer = existing(await store.person(connection, caller.person))
        return await _as_seen(connection, person, viewer)


async def own_profile(database: Database, person: Person, response: Response) -> OwnProfile:
    """A profile as its owner sees it."""
    async with database.connection() as connection:
        reminded_on = await store.reminded_on(connection, person.person_id)
        entries = await _claimed(connection, person)
    return tagged(OwnProfile.of(person, entries, reminded_on, today()), response)


async def _as_seen(connection: Transaction, person: Person, viewer: Person) -> PersonAnswer:
    shown = model.shown_fields(person, viewer, await store.programs(connection))
    if shown is None:
        raise NotFound
    return PersonAnswer.of(person, shown, await _claimed(connection, person), today())


async def _claimed(connection: Transaction, person: Person) -> dict[UUID, VocabularySkill]:
    claimed: Collection[UUID] = [skill.skill_id for skill in person.declared.skills]
    return {skill.skill_id: skill for skill in await store.skills_by_id(connection, claimed)}
