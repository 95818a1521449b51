"""Step 2 of the write path: use cases of the vocabulary's editors, one function and one transaction each."""

from dataclasses import replace
from uuid import UUID, uuid4

from chassis import outbox
from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.idempotency import once
from chassis.problems import Conflict, NotFound, Refused

from profile_service import model, store
from profile_service.answers import SkillAnswer
from profile_service.model import VocabularySkill
from profile_service.requests import SkillEdit


async def create_skill(database: Database, caller: Caller, edit: SkillEdit, key: str | None) -> SkillAnswer:
    """A new entry of the vocabulary. Raises Conflict, Refused."""

    async def run() -> SkillAnswer:
        skill = VocabularySkill(uuid4(), 1, edit.label, edit.aliases, edit.broader_id, edit.retired, edit.merged_into)
        await store.add_audit(transaction, skill.audited(caller, "created", None))
        return await keep_skill(transaction, skill, "created")

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, edit, SkillAnswer, run)


async def edit_skill(
    database: Database, caller: Caller, skill_id: UUID, edit: SkillEdit, expected_version: int
) -> SkillAnswer:
    """Change an entry of the vocabulary. Raises NotFound, PreconditionFailed, Conflict, Refused."""
    async with database.transaction() as transaction:
        await store.lock_vocabulary(transaction)
        known = await store.skill(transaction, skill_id)
        if known is None:
            raise NotFound
        model.check_version(known.version, expected_version)
        edited = replace(known, version=known.version + 1, **dict(edit))
        change = "merged" if edited.merged_into else "retired" if edited.retired else "edited"
        await store.add_audit(transaction, edited.audited(caller, change, known))
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
