"""The rules of merging: one skill takes over the names, the followers, and the people of another. Step 3: pure."""

from collections.abc import Collection, Iterable
from uuid import UUID

from chassis.problems import Refused
from flash_schemas.profile import Skill

from profile_service.model.skills import MAX_ALIASES, VocabularySkill, normalised

MAX_EVIDENCE = 10


def check_winner(loser_id: UUID, winner: VocabularySkill | None) -> VocabularySkill:
    """The skill that may take another over. Raises Refused: no chain begins here, and no circle."""
    if winner is None or winner.skill_id == loser_id or winner.merged_into or winner.retired:
        raise Refused("It must be another skill, one that is in use.", field="merged_into")
    return winner


def merged(
    loser: VocabularySkill, winner: VocabularySkill, referring: Iterable[VocabularySkill], above: Collection[UUID]
) -> list[VocabularySkill]:
    """Every entry that changes, with its next version, the loser first. Raises Refused.

    `loser` is what its editor last made of it, with its version. `referring` are the entries that were merged into it
    before and follow it now, and those narrower than it, to which the winner may belong; `above` are the ids of all
    that are broader than the winner.
    """
    winner_id = winner.skill_id
    gone = VocabularySkill(loser.skill_id, loser.version, loser.label, retired=True, merged_into=winner_id)
    changed = [gone, winner.next(aliases=_aliases(loser, winner), broader_id=_raised(winner, loser))]
    for skill in referring:
        if skill.merged_into:
            changed.append(skill.next(merged_into=winner_id))
        elif skill.skill_id != winner_id:
            lifted = skill.skill_id in above  # under the winner it would be under itself
            changed.append(skill.next(broader_id=loser.broader_id if lifted else winner_id))
    return changed


def _raised(winner: VocabularySkill, loser: VocabularySkill) -> UUID | None:
    """What is broader than the winner, now that the loser is nothing."""
    return loser.broader_id if winner.broader_id == loser.skill_id else winner.broader_id


def _aliases(loser: VocabularySkill, winner: VocabularySkill) -> tuple[str, ...]:
    own = winner.names()
    added = [name for name in (loser.label, *loser.aliases) if normalised(name) not in own]
    if len(winner.aliases) + len(added) > MAX_ALIASES:
        raise Refused(f"Together they would have more than {MAX_ALIASES} aliases.", field="merged_into")
    return (*winner.aliases, *added)


def moved_claims(skills: Iterable[Skill], loser_id: UUID, winner_id: UUID) -> tuple[Skill, ...]:
    """Claims with that of the loser counted as the winner's: of two, the higher level, and all that speaks for both."""
    moved: dict[UUID, Skill] = {}
    for claim in skills:
        skill_id = winner_id if claim.skill_id == loser_id else claim.skill_id
        claim = claim.model_copy(update={"skill_id": skill_id})
        moved[skill_id] = _better(moved[skill_id], claim) if skill_id in moved else claim
    return tuple(moved.values())


def _better(one: Skill, other: Skill) -> Skill:
    best = max(one, other, key=lambda claim: (claim.level, claim.confirmed_on))
    used = [claim.last_used for claim in (one, other) if claim.last_used]
    evidence = tuple(dict.fromkeys((*best.evidence, *one.evidence, *other.evidence)))[:MAX_EVIDENCE]
    typed = tuple(dict.fromkeys((*best.typed_evidence, *one.typed_evidence, *other.typed_evidence)))[:MAX_EVIDENCE]
    spoken_for = {"evidence": evidence, "typed_evidence": typed}
    return best.model_copy(update={"last_used": max(used, default=None), **spoken_for})
