"""Step 2 of the write path: use cases of the vocabulary's editors, one function and one transaction each."""

from typing import Literal
from uuid import UUID, uuid4

from chassis import outbox
from chassis.auth import Caller
from chassis.database import Database, Transaction
from chassis.idempotency import once
from chassis.problems import NotFound, Refused

from profile_service import model, store
from profile_service.answers import SkillAnswer
from profile_service.commands.merging import check_names, merge_skill
from profile_service.model import VocabularySkill
from profile_service.requests import SkillEdit


async def create_skill(database: Database, caller: Caller, edit: SkillEdit, key: str | None) -> SkillAnswer:
    """A new entry of the vocabulary. Raises Conflict, Refused."""

    async def run() -> SkillAnswer:
        if edit.merged_into:
            raise Refused("A new skill replaces nothing yet: give the other its name as an alias.", field="merged_into")
        await store.lock_vocabulary(transaction)
        skill = VocabularySkill(uuid4(), 1, edit.label, edit.aliases, edit.broader_id, edit.retired)
        await store.add_audit(transaction, skill.audited(caller, "created", None))
        return await _keep(transaction, skill, "created")

    async with database.transaction() as transaction:
        return await once(transaction, caller, key, edit, SkillAnswer, run)


async def edit_skill(
    database: Database, caller: Caller, skill_id: UUID, edit: SkillEdit, expected_version: int
) -> SkillAnswer:
    """Change an entry of the vocabulary, or merge it. Raises NotFound, PreconditionFailed, Conflict, Refused."""
    async with database.transaction() as transaction:
        await store.lock_vocabulary(transaction)
        known = await store.skill(transaction, skill_id)
        if known is None:
            raise NotFound
        model.check_version(known.version, expected_version)
        known.check_editable()
        edited = known.next(**dict(edit))
        if edited.merged_into:
            return await merge_skill(transaction, caller, known, edited)
        await store.add_audit(transaction, edited.audited(caller, "retired" if edited.retired else "edited", known))
        return await _keep(transaction, edited, "edited")


async def _keep(transaction: Transaction, skill: VocabularySkill, change: Literal["created", "edited"]) -> SkillAnswer:
    """Save an entry whose names are free and whose broader one exists, and say so. Raises Conflict, Refused."""
    await check_names(transaction, skill, skill.names())
    await _check_broader(transaction, skill)
    await store.save_skills(transaction, [skill])
    await outbox.append(transaction, [skill.event(change)])
    return SkillAnswer.model_validate(skill)


async def _check_broader(transaction: Transaction, skill: VocabularySkill) -> None:
    if skill.broader_id is None:
        return
    broader = await store.skill(transaction, skill.broader_id)
    if broader is None or broader.merged_into:
        raise Refused("There is no such skill in use.", field="broader_id")
    if skill.skill_id in {skill.broader_id, *await store.broader_ids(transaction, skill.broader_id)}:
        raise Refused("A skill cannot be broader than itself.", field="broader_id")
