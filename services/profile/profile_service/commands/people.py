"""Step 2 of the write path: what people do with their own profiles, one function and one transaction each."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from chassis import outbox
from chassis.database import Database, Transaction
from chassis.problems import NotFound

from profile_service import model, store
from profile_service.commands.common import keep_edited, present
from profile_service.model import Choice, Person
from profile_service.requests import ProfileEdit


async def edit_profile(
    database: Database, person_id: UUID, edit: ProfileEdit, expected_version: int, today: date
) -> Person:
    """What a person says of themselves, anew. Raises NotFound, PreconditionFailed, Refused."""
    async with database.transaction() as transaction:
        person = await present(transaction, person_id)
        return await _keep_declared(transaction, person, edit, expected_version, today)


async def patch_profile(
    database: Database, person_id: UUID, patch: Mapping[str, Any], expected_version: int, today: date
) -> Person:
    """A part of what a person says of themselves, anew.

    Raises NotFound, PreconditionFailed, Refused, pydantic.ValidationError.
    """
    async with database.transaction() as transaction:
        person = await present(transaction, person_id)
        edit = ProfileEdit.of(person.declared).patched(patch)
        return await _keep_declared(transaction, person, edit, expected_version, today)


async def confirm_skills(database: Database, person_id: UUID, today: date) -> Person:
    """A person still stands to every skill on their profile. Doing it twice a day changes nothing. Raises NotFound."""
    async with database.transaction() as transaction:
        person = await present(transaction, person_id)
        confirmed = model.reconfirmed(person, today)
        return person if confirmed == person else await keep_edited(transaction, person, confirmed, today)


async def _placed(transaction: Transaction, before: Person, edited: Person) -> Person:
    """Languages may decide who takes part; nothing else that people say of themselves does."""
    if model.shown_languages(before) == model.shown_languages(edited):
        return edited
    organisation = await store.places(transaction, [edited.unit_id])
    return model.placed(edited, organisation, await store.programs(transaction))


async def choose_roles(database: Database, person_id: UUID, program_id: UUID, choice: Choice) -> Person:
    """A person's choice of roles in a program, also while not eligible. Raises NotFound, Refused."""
    async with database.transaction() as transaction:
        person = await present(transaction, person_id)
        choice.check(await store.today(transaction))
        programs = await store.programs(transaction)
        if all(program.program_id != program_id for program in programs):
            raise NotFound
        chosen = model.chosen(person, program_id, choice)
        placed = model.placed(chosen, await store.places(transaction, [chosen.unit_id]), programs)
        kept = replace(placed, version=person.version + 1)
        await store.save_people(transaction, [kept])
        await outbox.append(transaction, [kept.event("participation_changed")])
        return kept


async def _keep_declared(
    transaction: Transaction, person: Person, edit: ProfileEdit, expected_version: int, today: date
) -> Person:
    declared = edit.declared(person.declared, today)
    await store.hold_vocabulary(transaction)  # what is claimed now is not merged before it can be seen
    known = await store.skills_by_id(transaction, [skill.skill_id for skill in declared.skills])
    model.check_skills(declared.skills, person.declared.skills, known, today)
    edited = await _placed(transaction, person, model.declared_anew(person, declared, expected_version))
    return await keep_edited(transaction, person, edited, today)
