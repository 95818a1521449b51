"""Merges and imports, as rules: whose name a name is, and what stands for what."""

from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from chassis.problems import Conflict, Refused
from flash_schemas.profile import Skill
from hypothesis import given
from hypothesis import strategies as st
from profile_service import model
from profile_service.model import MAX_ALIASES, Entry, Import, Known, VocabularySkill, normalised

TODAY = date(2026, 11, 2)
NAMES = st.sampled_from("abcdefgh")
WHO = st.integers(0, 5)
CHANGES = st.one_of(
    st.tuples(st.just("rename"), WHO, NAMES),
    st.tuples(st.just("alias"), WHO, NAMES),
    st.tuples(st.just("merge"), WHO, WHO),
    st.tuples(st.just("broader"), WHO, WHO),
    st.tuples(st.just("retire"), WHO, st.booleans()),
)


class Editors:
    """A vocabulary in memory, changed by the rules as the commands do it."""

    def __init__(self) -> None:
        skills = [VocabularySkill(UUID(int=n + 1), 1, f"skill {n}") for n in range(6)]
        self.skills = {skill.skill_id: skill for skill in skills}
        self.ever: set[str] = {name for skill in skills for name in skill.names()}

    def owners(self) -> dict[str, list[UUID]]:
        found: dict[str, list[UUID]] = {}
        for skill in self.skills.values():
            for name in skill.names():
                found.setdefault(name, []).append(skill.skill_id)
        return found

    def above(self, skill_id: UUID) -> set[UUID]:
        """All that is broader. Fails for ever on a circle, so it is looked for."""
        found: set[UUID] = set()
        broader_id = self.skills[skill_id].broader_id
        while broader_id:
            assert broader_id not in found, "a circle"
            found.add(broader_id)
            broader_id = self.skills[broader_id].broader_id
        return found

    def change(self, kind: str, number: int, value: Any) -> None:
        known = self.skills[UUID(int=number + 1)]
        known.check_editable()
        other_id = UUID(int=value + 1) if kind in ("merge", "broader") else None
        if kind == "merge" and other_id:
            return self._merge(known, other_id)
        changes: dict[str, dict[str, Any]] = {
            "rename": {"label": value, "aliases": (*known.aliases, known.label)},
            "alias": {"aliases": (*known.aliases, value)},
            "broader": {"broader_id": other_id},
            "retire": {"retired": value},
        }
        edited = known.next(**changes[kind])
        taken = {name for name, owners in self.owners().items() if owners != [known.skill_id]}
        if taken & edited.names().keys():
            raise Conflict
        broader_id = edited.broader_id
        if broader_id and known.skill_id in {broader_id, *self.above(broader_id)}:
            raise Refused
        if kind == "broader" and broader_id and self.skills[broader_id].merged_into:
            raise Refused
        self._save([edited])
        return None

    def _merge(self, loser: VocabularySkill, winner_id: UUID) -> None:
        winner = model.check_winner(loser.skill_id, self.skills[winner_id])
        referring = [s for s in self.skills.values() if loser.skill_id in (s.merged_into, s.broader_id)]
        edited = loser.next(merged_into=winner_id)
        self._save(model.merged(edited, winner, referring, self.above(winner_id)))

    def _save(self, changed: list[VocabularySkill]) -> None:
        for skill in changed:
            assert skill.version == self.skills[skill.skill_id].version + 1
            self.skills[skill.skill_id] = skill
            self.ever |= skill.names().keys()


@given(st.lists(CHANGES, max_size=40))
def test_after_any_merges_and_renames_every_name_is_one_living_skills(changes: list[tuple[str, int, Any]]) -> None:
    editors = Editors()
    for kind, number, value in changes:
        try:
            editors.change(kind, number, value)
        except (Refused, Conflict):
            continue
        owners = editors.owners()
        assert owners.keys() == editors.ever, "no name is lost"
        assert all(len(of) == 1 for of in owners.values())
        for skill in editors.skills.values():
            editors.above(skill.skill_id)
            if skill.merged_into:
                assert not editors.skills[skill.merged_into].merged_into, "one step, and never a circle"
            if skill.broader_id:
                assert not editors.skills[skill.broader_id].merged_into


def skill(label: str, *aliases: str, **values: Any) -> VocabularySkill:
    return VocabularySkill(uuid4(), 1, label, aliases, **values)


def test_a_winner_below_its_loser_takes_its_place_in_the_order() -> None:
    top, loser = skill("top"), skill("loser")
    loser = replace(loser, broader_id=top.skill_id)
    middle, aside = skill("middle", broader_id=loser.skill_id), skill("aside", broader_id=loser.skill_id)
    winner = skill("winner", broader_id=middle.skill_id)
    above = {middle.skill_id, loser.skill_id, top.skill_id}
    changed = model.merged(replace(loser, merged_into=winner.skill_id), winner, [middle, aside], above)
    broader = {one.label: one.broader_id for one in changed}
    expected = {"loser": None, "winner": middle.skill_id, "middle": top.skill_id, "aside": winner.skill_id}
    assert broader == expected


@pytest.mark.parametrize("winner", [None, skill("gone", merged_into=uuid4()), skill("old", retired=True)])
def test_a_skill_that_is_not_in_use_takes_nothing_over(winner: VocabularySkill | None) -> None:
    with pytest.raises(Refused):
        model.check_winner(uuid4(), winner)


def test_a_merge_that_makes_too_many_names_is_refused() -> None:
    number = count()
    many = skill("many", *(f"alias {next(number)}" for _ in range(MAX_ALIASES)))
    with pytest.raises(Refused) as refused:
        model.merged(skill("one", merged_into=many.skill_id), many, [], ())
    assert "more than 200 aliases" in str(refused.value.detail)


def claim(skill_id: UUID, level: int, **values: Any) -> Skill:
    return Skill(skill_id=skill_id, level=level, **{"confirmed_on": TODAY, **values})


def test_of_two_claims_the_higher_level_stays_and_all_that_speaks_for_it() -> None:
    loser, winner, other = uuid4(), uuid4(), uuid4()
    claims = (
        claim(winner, 2, last_used=date(2026, 5, 1), evidence=("project", "course")),
        claim(other, 1),
        claim(loser, 4, last_used=date(2025, 1, 1), evidence=("certificate", "course")),
    )
    moved = model.moved_claims(claims, loser, winner)
    assert [one.skill_id for one in moved] == [winner, other]
    assert (moved[0].level, moved[0].last_used) == (4, date(2026, 5, 1))
    assert moved[0].evidence == ("certificate", "course", "project")


def known(*skills: VocabularySkill) -> Known:
    made = Known()
    for one in skills:
        made.keep(one)
    return made


def entry(label: str, *aliases: str, source_id: str = "1", **values: Any) -> Entry:
    return Entry("line 2", source_id, label, aliases, **values)


def test_an_entry_that_nobody_has_is_added_with_the_names_that_are_free() -> None:
    taking = Import(known(skill("Excel", "spreadsheets")))
    result = taking.apply(entry("Tables", "spreadsheets", "sheets", broader="EXCEL"))
    (added,) = taking.changes.skills.values()
    assert (added.label, added.aliases, added.version) == ("Tables", ("sheets",), 1)
    assert added.broader_id is not None
    assert (result.outcome, result.notes) == ("added", ("spreadsheets is a name of Excel",))


def test_an_entry_that_is_here_brings_its_other_names() -> None:
    taking = Import(known(skill("Kubernetes", "k8s")))
    assert taking.apply(entry("kubernetes", "K8S", "kube")).outcome == "changed"
    (changed,) = taking.changes.skills.values()
    assert (changed.label, changed.aliases, changed.version) == ("Kubernetes", ("k8s", "kube"), 2)


def again(taking: Import, said: Entry, **changes: Any) -> tuple[str, VocabularySkill]:
    """What a second run makes of an entry, after an editor's changes."""
    (one,) = taking.changes.skills.values()
    before = replace(known(one.next(**changes) if changes else one), said=taking.changes.said)
    second = Import(before)
    result = second.apply(said)
    return result.outcome, before.skills[one.skill_id]


def test_a_second_run_changes_nothing() -> None:
    taking = Import(known())
    taking.apply(entry("Weaving", "looms"))
    assert again(taking, entry("Weaving", "looms"))[0] == "unchanged"


def test_what_the_source_renames_is_renamed_and_keeps_its_former_name() -> None:
    taking = Import(known())
    taking.apply(entry("Weaving", "looms"))
    outcome, renamed = again(taking, entry("Looms", "weaving by hand"))
    assert (outcome, renamed.label, renamed.aliases) == ("changed", "Looms", ("weaving by hand", "Weaving"))


def test_what_an_editor_changed_is_not_changed_back() -> None:
    taking = Import(known())
    taking.apply(entry("Weaving", "looms"))
    outcome, kept = again(taking, entry("Weaving", "looms"), label="Cloth", aliases=("Weaving",))
    assert (outcome, kept.label, kept.aliases) == ("unchanged", "Cloth", ("Weaving",))


def test_a_retired_skill_is_not_brought_back() -> None:
    taking = Import(known(skill("Fax", retired=True)))
    assert taking.apply(entry("fax", "telefax")).outcome == "skipped"
    assert not taking.changes.skills


@given(st.lists(st.tuples(st.sampled_from("123"), NAMES, st.lists(NAMES, max_size=3)), max_size=12))
def test_any_import_leaves_each_name_to_one_skill_and_a_second_changes_nothing(
    lines: list[tuple[str, str, list[str]]],
) -> None:
    entries = {source_id: entry(label, *aliases, source_id=source_id) for source_id, label, aliases in lines}
    held = known(skill("a", "b"), skill("c", retired=True))
    first = Import(held)
    for one in entries.values():
        first.apply(one)
    owned = [normalised(name) for one in held.skills.values() for name in one.names()]
    assert len(owned) == len(set(owned))
    second = Import(held)
    assert {second.apply(one).outcome for one in entries.values()} <= {"unchanged", "skipped"}
    assert not second.changes.skills
    assert not second.changes.said
