"""Step 2 of the write path: skills suggested to a person, who alone decides; nothing is said of them before."""

from datetime import date
from uuid import UUID

from chassis.database import Database, Transaction
from chassis.problems import NotFound
from flash_schemas.base import SkillLevel
from flash_schemas.profile import Skill

from profile_service import model, store
from profile_service.answers import SuggestionItem
from profile_service.commands.common import keep_edited, present
from profile_service.model import Person
from profile_service.requests import MAX_SKILLS

MAX_SUGGESTIONS = 50


async def suggestions(transaction: Transaction, person: Person) -> list[SuggestionItem]:
    """What the person's job title and experience hint at, by name."""
    hints = model.hints(person)
    claimed = [skill.skill_id for skill in person.declared.skills]
    found = await store.suggested(transaction, person.person_id, hints, claimed, MAX_SUGGESTIONS)
    return [
        SuggestionItem(skill_id=one.skill_id, label=one.label, found_in=sorted({hints[name] for name in one.names}))
        for one in found
    ]


async def accept_suggestion(
    database: Database, person_id: UUID, skill_id: UUID, level: SkillLevel, today: date
) -> Person:
    """A suggested skill becomes one that the person says to have. Raises NotFound, Refused."""
    async with database.transaction() as transaction:
        person = await present(transaction, person_id)
        await store.hold_vocabulary(transaction)  # what is claimed now is not merged before it can be seen
        await _check_suggested(transaction, person, skill_id)
        claim = Skill(skill_id=skill_id, level=level, confirmed_on=today, provenance="suggested")
        return await keep_edited(transaction, person, model.with_skill(person, claim, MAX_SKILLS), today)


async def dismiss_suggestion(database: Database, person_id: UUID, skill_id: UUID) -> None:
    """A suggested skill is not suggested again. Raises NotFound."""
    async with database.transaction() as transaction:
        person = await present(transaction, person_id)
        await _check_suggested(transaction, person, skill_id)
        await store.dismiss(transaction, person_id, skill_id)


async def _check_suggested(transaction: Transaction, person: Person, skill_id: UUID) -> None:
    if all(one.skill_id != skill_id for one in await suggestions(transaction, person)):
        raise NotFound("This skill is not suggested; see /api/v1/me/skill-suggestions.")
