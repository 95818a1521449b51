"""Step 2 of the write path: one skill of the vocabulary takes the place of another."""

from chassis import outbox
from chassis.auth import Caller
from chassis.database import Transaction
from chassis.problems import Conflict

from profile_service import model, store
from profile_service.answers import SkillAnswer
from profile_service.model import VocabularySkill


async def merge_skill(
    transaction: Transaction, caller: Caller, known: VocabularySkill, loser: VocabularySkill
) -> SkillAnswer:
    """Give all that an entry is to the one that it names in `merged_into`, the vocabulary locked.

    `known` is the entry before the edit. People's claims follow in the background. Raises Conflict, Refused.
    """
    assert loser.merged_into, "who calls has looked"
    winner = model.check_winner(loser.skill_id, await store.skill(transaction, loser.merged_into))
    await check_names(transaction, loser, loser.names_said(), besides=winner)
    referring = await store.referring_skills(transaction, loser.skill_id)
    above = await store.broader_ids(transaction, winner.skill_id)
    changed = model.merged(loser, winner, referring, above)
    before = {skill.skill_id: skill for skill in (*referring, winner, known)}
    for skill in changed:
        change = "merged" if skill.skill_id == known.skill_id else "edited"
        await store.add_audit(transaction, skill.audited(caller, change, before[skill.skill_id]))
    await store.save_skills(transaction, changed)
    await store.add_merge(transaction, loser.skill_id, winner.skill_id)
    await outbox.append(transaction, [skill.event("edited") for skill in changed])
    return SkillAnswer.model_validate(changed[0])


async def check_names(
    transaction: Transaction, skill: VocabularySkill, names: dict[str, str], besides: VocabularySkill | None = None
) -> None:
    """Raise Conflict for a name that belongs to another skill than this one and the one `besides`."""
    own = {skill.skill_id, besides.skill_id if besides else None}
    for name, owner in (await store.owners_of_names(transaction, names)).items():
        if owner.skill_id not in own:
            raise Conflict(f"{owner.label} has this name already.", field=names[name])
