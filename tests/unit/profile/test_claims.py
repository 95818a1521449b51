"""When a person's word on a skill was last given, and how long it holds."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.problems import Refused
from flash_schemas.profile import Skill
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_service.model import Declared, VocabularySkill, check_skills, is_stale
from profile_service.requests import ProfileEdit

TODAY = date(2026, 11, 26)
LONG_AGO = TODAY - timedelta(days=400)
IDS = tuple(uuid4() for _ in range(4))
claims = st.fixed_dictionaries(
    {"skill_id": st.sampled_from(IDS), "level": st.integers(1, 3)},
    optional={
        "last_used": st.sampled_from([date(2026, 1, 1), None]),
        "evidence": st.sampled_from([("Led it",), ()]),
        "typed_evidence": st.sampled_from([[{"kind": "project", "text": "Atlas"}], []]),
        "confirm": st.booleans(),
    },
)
claim_lists = st.lists(claims, max_size=4, unique_by=lambda claim: claim["skill_id"])


def saved(before: Declared, said: list[dict[str, Any]], today: date) -> Declared:
    return ProfileEdit.model_validate({"skills": said}).declared(before, today)


@settings(deadline=None)
@given(claim_lists, claim_lists)
def test_a_claim_keeps_its_day_exactly_when_nothing_in_it_is_new(
    first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    before = saved(Declared(), first, LONG_AGO)
    after = saved(before, second, TODAY)
    old = {skill.skill_id: skill for skill in before.skills}
    for claim, skill in zip(second, after.skills, strict=True):
        known = old.get(skill.skill_id)
        said = ("level", "last_used", "evidence", "typed_evidence")
        same = known is not None and all(getattr(known, name) == getattr(skill, name) for name in said)
        assert skill.confirmed_on == (LONG_AGO if same and not claim.get("confirm") else TODAY)


@settings(deadline=None)
@given(claim_lists)
def test_an_edit_of_what_is_there_changes_nothing(said: list[dict[str, Any]]) -> None:
    before = saved(Declared(), said, LONG_AGO)
    assert ProfileEdit.of(before).declared(before, TODAY) == before


def test_where_a_claim_came_from_outlives_an_edit() -> None:
    suggested = Skill(skill_id=IDS[0], level=2, confirmed_on=LONG_AGO, provenance="suggested")
    (edited,) = saved(Declared(skills=(suggested,)), [{"skill_id": IDS[0], "level": 3}], TODAY).skills
    assert (edited.provenance, edited.level, edited.confirmed_on) == ("suggested", 3, TODAY)


@pytest.mark.parametrize(("days", "stale"), [(0, False), (180, False), (181, True)])
def test_a_word_holds_for_180_days(days: int, stale: bool) -> None:
    skill = Skill(skill_id=IDS[0], level=2, confirmed_on=TODAY - timedelta(days=days))
    assert is_stale(skill, TODAY) is stale


def check(skill: Skill, before: tuple[Skill, ...] = (), retired: bool = True) -> None:
    known = [VocabularySkill(IDS[0], 1, "Lotus", retired=retired)]
    check_skills([skill], before, known, TODAY)


def claim(skill_id: UUID = IDS[0], last_used: date | None = None) -> Skill:
    return Skill(skill_id=skill_id, level=2, confirmed_on=TODAY, last_used=last_used)


def test_a_retired_skill_can_be_kept_but_not_taken_up() -> None:
    check(claim(), before=(claim(),))
    with pytest.raises(Refused):
        check(claim())


def test_a_skill_cannot_have_been_used_in_the_future() -> None:
    check(claim(last_used=TODAY + timedelta(days=1)), retired=False)
    with pytest.raises(Refused) as refused:
        check(claim(last_used=TODAY + timedelta(days=2)), retired=False)
    assert "skills[0].last_used" in str(refused.value.extras)
