"""Step 2 of the write path: what people do with their own profiles, one function and one transaction each."""

from dataclasses import replace
from uuid import UUID

from chassis import outbox
from chassis.database import Database, Transaction
from chassis.problems import NotFound

from profile_service import model, store
from profile_service.model import Choice, Declared, Person


async def edit_profile(database: Database, person_id: UUID, declared: Declared, expected_version: int) -> Person:
    """What a person says of themselves, anew. Raises NotFound, PreconditionFailed, Refused."""
    async with database.transaction() as transaction:
        person = await _present(transaction, person_id)
        await store.hold_vocabulary(transaction)  # what is claimed now is not merged before it can be seen
        skill_ids = [skill.skill_id for skill in declared.skills]
        model.check_skills(declared, person.declared.skills, await store.skills_by_id(transaction, skill_ids))
        edited = await _placed(transaction, person, model.declared_anew(person, declared, expected_version))
        await store.save_people(transaction, [edited])
        await outbox.append(transaction, [edited.event("edited")])
        return edited


async def _placed(transaction: Transaction, before: Person, edited: Person) -> Person:
    """Languages may decide who takes part; nothing else that people say of themselves does."""
    if model.shown_languages(before) == model.shown_languages(edited):
        return edited
    return model.placed(edited, await store.organisation(transaction), await store.programs(transaction))


async def choose_roles(database: Database, person_id: UUID, program_id: UUID, choice: Choice) -> Person:
    """A person's choice of roles in a program, also while not eligible. Raises NotFound, Refused."""
    async with database.transaction() as transaction:
        person = await _present(transaction, person_id)
        choice.check(await store.today(transaction))
        programs = await store.programs(transaction)
        if all(program.program_id != program_id for program in programs):
            raise NotFound
        chosen = model.chosen(person, program_id, choice)
        placed = model.placed(chosen, await store.organisation(transaction), programs)
        kept = replace(placed, version=person.version + 1)
        await store.save_people(transaction, [kept])
        await outbox.append(transaction, [kept.event("participation_changed")])
        return kept


async def _present(transaction: Transaction, person_id: UUID) -> Person:
    person = await store.lock_person(transaction, person_id)
    if person is None or person.status == "left":
        raise NotFound
    return person
