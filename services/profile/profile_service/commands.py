"""Step 2 of the write path: each use case of the profile service, one function and one transaction each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from chassis import outbox
from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.idempotency import once
from chassis.problems import Conflict, Forbidden, NotFound, Refused
from flash_schemas.base import Role

from profile_service import hr, metrics, model, store
from profile_service.answers import ProgramAnswer, SkillAnswer
from profile_service.model import Declared, Person, Program, VocabularySkill
from profile_service.requests import ProgramEdit, SkillEdit


async def push_org_events(database: Database, raw_events: Sequence[Any], chunk_events: int) -> list[hr.Result]:
    """Apply what HR pushed, in order; what became of each event, in the same order.

    Every `chunk_events` are one transaction: a call cut off in between can be repeated whole.
    """
    parsed = [hr.parse(raw) for raw in raw_events]
    results: list[hr.Result] = []
    for start in range(0, len(parsed), chunk_events):
        async with database.transaction() as transaction:
            results += await _push_chunk(transaction, parsed[start : start + chunk_events])
    for result in results:
        metrics.HR_EVENTS.labels(result.outcome).inc()
    return results


async def _push_chunk(transaction: Transaction, parsed: Sequence[hr.AnyHrEvent | hr.Result]) -> list[hr.Result]:
    await store.lock_organisation(transaction)
    events = [item for item in parsed if isinstance(item, hr.HrEvent)]
    push = hr.Push(
        organisation=await store.organisation(transaction),
        people=await store.people_by_number(transaction, set(_numbers(events))),
        programs=await store.programs(transaction),
        seen=await store.seen_events(transaction, [event.id for event in events]),
    )
    results = [item if isinstance(item, hr.Result) else push.apply(item) for item in parsed]
    await store.save_units(transaction, push.units.values())
    await store.save_people(transaction, push.people.values())
    await store.remember_events(transaction, push.applied_ids)
    for unit_id in push.moved_units:
        await store.add_refresh(transaction, "unit_changed", unit_id=unit_id)
    await outbox.append(transaction, push.outgoing)
    return results


def _numbers(events: Sequence[hr.HrEvent]) -> Iterator[str]:
    return (event.employee_number for event in events if isinstance(event, hr.PersonEvent))


async def create_program(database: Database, caller: Caller, edit: ProgramEdit, key: str | None) -> ProgramAnswer:
    """A new program owned by the caller. Raises Refused."""

    async def run() -> ProgramAnswer:
        await store.lock_organisation(transaction)
        edit.body.check()
        program = Program(uuid4(), 1, (caller.person,), edit.body)
        return await _keep_program(transaction, program, "created")

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, edit, ProgramAnswer, run)


async def edit_program(
    database: Database, owner: UUID, program_id: UUID, edit: ProgramEdit, expected_version: int
) -> ProgramAnswer:
    """Change a program of the owner's. Raises NotFound, Forbidden, PreconditionFailed, Refused."""
    async with database.transaction() as transaction:
        await store.lock_organisation(transaction)
        program = await store.lock_program(transaction, program_id)
        if program is None:
            raise NotFound
        if owner not in program.owners:
            raise Forbidden("Only its owners change a program.")
        return await _keep_program(transaction, program.edited(edit.body, expected_version), "edited")


async def _keep_program(transaction: Transaction, program: Program, change: str) -> ProgramAnswer:
    known = (await store.organisation(transaction)).units
    for index, rule in enumerate(program.body.eligibility.units):
        if rule.unit_id not in known:
            raise Refused("There is no such unit; see /api/v1/units.", field=f"eligibility.units[{index}].unit_id")
    await store.save_program(transaction, program)
    await store.add_refresh(transaction, "participation_changed", program_id=program.program_id)
    await outbox.append(transaction, [program.event(change)])
    return ProgramAnswer.of(program, await store.progress(transaction, program.program_id))


async def edit_profile(database: Database, person_id: UUID, declared: Declared, expected_version: int) -> Person:
    """What a person says of themselves, anew. Raises NotFound, PreconditionFailed, Refused."""
    async with database.transaction() as transaction:
        person = await _present(transaction, person_id)
        skill_ids = [skill.skill_id for skill in declared.skills]
        model.check_skills(declared, await store.skills_by_id(transaction, skill_ids))
        edited = model.declared_anew(person, declared, expected_version)
        await store.save_people(transaction, [edited])
        await outbox.append(transaction, [edited.event("edited")])
        return edited


async def choose_roles(database: Database, person_id: UUID, program_id: UUID, roles: tuple[Role, ...]) -> Person:
    """A person's choice of roles in a program, also while not eligible. Raises NotFound."""
    async with database.transaction() as transaction:
        person = await _present(transaction, person_id)
        programs = await store.programs(transaction)
        if all(program.program_id != program_id for program in programs):
            raise NotFound
        chosen = model.chosen(person, program_id, roles)
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


async def create_skill(database: Database, caller: Caller, edit: SkillEdit, key: str | None) -> SkillAnswer:
    """A new entry of the vocabulary. Raises Conflict, Refused."""

    async def run() -> SkillAnswer:
        skill = VocabularySkill(uuid4(), 1, edit.label, edit.aliases, edit.broader_id, edit.retired, edit.merged_into)
        return await keep_skill(transaction, skill, "created")

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, edit, SkillAnswer, run)


async def edit_skill(database: Database, skill_id: UUID, edit: SkillEdit, expected_version: int) -> SkillAnswer:
    """Change an entry of the vocabulary. Raises NotFound, PreconditionFailed, Conflict, Refused."""
    async with database.transaction() as transaction:
        await store.lock_vocabulary(transaction)
        known = await store.skill(transaction, skill_id)
        if known is None:
            raise NotFound
        model.check_version(known.version, expected_version)
        edited = replace(known, version=known.version + 1, **dict(edit))
        change = "merged" if edited.merged_into else "retired" if edited.retired else "edited"
        return await keep_skill(transaction, edited, change)


async def keep_skill(transaction: Transaction, skill: VocabularySkill, change: str) -> SkillAnswer:
    """Save an entry whose names are free and whose relations exist, and say so. Raises Conflict, Refused."""
    await store.lock_vocabulary(transaction)
    names = skill.names()
    for name, label in (await store.owners_of_names(transaction, names, skill.skill_id)).items():
        raise Conflict(f"{label} has this name already.", field=names[name])
    for field in ("broader_id", "merged_into"):
        await _check_relation(transaction, skill, field)
    await store.save_skill(transaction, skill)
    await outbox.append(transaction, [skill.event(change)])
    return SkillAnswer.model_validate(skill)


async def _check_relation(transaction: Transaction, skill: VocabularySkill, field: str) -> None:
    other_id: UUID | None = getattr(skill, field)
    if other_id is None:
        return
    other = await store.skill(transaction, other_id)
    if other is None or other_id == skill.skill_id or other.merged_into:
        raise Refused("It must be another skill, one that is in use.", field=field)
