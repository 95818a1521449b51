"""The rules about skills that people claim: when a claim is confirmed, and how long that holds. Step 3: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from chassis.problems import Refused
from flash_schemas.profile import SKILL_CONFIRMED_DAYS, Skill

from profile_service.model.people import Person
from profile_service.model.skills import VocabularySkill

SOMEWHERE_TOMORROW = timedelta(days=1)
"""Days here are those of UTC; east of it the next one has begun."""


def claimed(before: Skill | None, claim: Skill, *, confirm: bool) -> Skill:
    """A claim as it is kept: where it came from stays, and so does its day, when nothing in it is new.

    `confirm` says it anew in any case.
    """
    if before is None:
        return claim
    same = claim.model_copy(update={"provenance": before.provenance, "confirmed_on": before.confirmed_on})
    if same == before and not confirm:
        return before
    return same.model_copy(update={"confirmed_on": claim.confirmed_on})


def reconfirmed(person: Person, today: date) -> Person:
    """The person, every skill said again today."""
    skills = tuple(skill.model_copy(update={"confirmed_on": today}) for skill in person.declared.skills)
    return replace(person, declared=person.declared.model_copy(update={"skills": skills}))


def with_skill(person: Person, claim: Skill, max_skills: int) -> Person:
    """The person with one skill more. Raises Refused."""
    if len(person.declared.skills) >= max_skills:
        raise Refused(f"A profile holds at most {max_skills} skills: take one off first.", field="skill_id")
    skills = (*person.declared.skills, claim)
    return replace(person, declared=person.declared.model_copy(update={"skills": skills}))


def is_stale(skill: Skill, today: date) -> bool:
    """Whether the owner's word on this skill is too old to be relied on."""
    return skill.confirmed_on < stale_before(today)


def stale_before(today: date) -> date:
    """The first day on which a confirmation still holds."""
    return today - timedelta(days=SKILL_CONFIRMED_DAYS)


def check_skills(
    skills: Sequence[Skill], before: Iterable[Skill], known: Iterable[VocabularySkill], today: date
) -> None:
    """Raise Refused, naming the field, for a skill that is unknown, claimed twice, or was last used in the future.

    A retired one is refused, too, unless it was claimed `before`: its owner can still edit everything else.
    """
    usable = {skill.skill_id for skill in known if not skill.retired} | {skill.skill_id for skill in before}
    met: set[UUID] = set()
    for index, skill in enumerate(skills):
        if skill.skill_id not in usable:
            raise Refused("There is no such skill in use; see /api/v1/skills.", field=f"skills[{index}].skill_id")
        if skill.skill_id in met:
            raise Refused("This skill stands here twice.", field=f"skills[{index}].skill_id")
        if skill.last_used and skill.last_used > today + SOMEWHERE_TOMORROW:
            raise Refused("This day is still to come.", field=f"skills[{index}].last_used")
        met.add(skill.skill_id)
