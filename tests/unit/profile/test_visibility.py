"""What somebody sees of a person against a plain table: each field, each choice of the person, each kind of viewer."""

from dataclasses import replace
from datetime import date
from typing import get_args
from uuid import UUID, uuid4

import pytest
from flash_schemas.profile import (
    Evidence,
    Experience,
    Participation,
    ProfileChangedV1,
    SearchFields,
    Skill,
    UnitRef,
    Visibility,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_service.answers import PersonAnswer
from profile_service.answers.people import ANSWERED_AS
from profile_service.model import (
    ALWAYS_SHOWN,
    HIDEABLE_FIELDS,
    NEVER_SHOWN,
    Declared,
    Person,
    Program,
    ProgramBody,
    VocabularySkill,
    colleague,
    personal_uses,
    shown_fields,
)

TODAY = date(2026, 11, 26)
SKILL, PROGRAM, OTHER_PROGRAM, UNIT, OTHER_UNIT = (uuid4() for _ in range(5))
IN_PROGRAM = ("unit", "location", "job_title", "job_level", "languages", "experience", "bio", "can_help_with")
SEEN: dict[tuple[Visibility, str], bool] = {
    ("everyone", "unit"): True,
    ("everyone", "program"): True,
    ("unit", "unit"): True,
    ("unit", "program"): False,
    ("nobody", "unit"): False,
    ("nobody", "program"): False,
}
"""Whether a field with this visibility is seen by a colleague in the program, who is in the unit or not."""

choices = st.dictionaries(st.sampled_from(HIDEABLE_FIELDS), st.sampled_from(["everyone", "unit", "nobody"]))
offers = st.sets(st.sampled_from(IN_PROGRAM))


def person(unit_id: UUID = UNIT, joined: tuple[UUID, ...] = (PROGRAM,), **values: object) -> Person:
    """Somebody who said everything there is to say."""
    skill = Skill(
        skill_id=SKILL,
        level=4,
        confirmed_on=TODAY,
        evidence=("Led it",),
        typed_evidence=(Evidence(kind="project", text="Atlas"),),
    )
    declared = Declared(
        skills=(skill,),
        experience=(Experience(title="Clerk", since=TODAY),),
        languages=("de",),
        time_zone="Europe/Lisbon",
        bio="About me",
        can_help_with=("reports",),
        preferred_formats=("lunch",),
        preferred_minutes=(30,),
    )
    return Person(
        person_id=uuid4(),
        employee_number="1",
        sequence=1,
        version=1,
        name="Nadia",
        job_title="Consultant",
        job_level=5,
        location="Berlin",
        unit_id=unit_id,
        unit_path=(UnitRef(unit_id=unit_id, name="Sales"),),
        declared=declared.model_copy(update=values),
        participations=tuple(Participation(program_id=one, roles=("mentor",)) for one in joined),
        photo_version=7,
    )


def program(program_id: UUID = PROGRAM, show: set[str] | tuple[str, ...] = IN_PROGRAM) -> Program:
    body = ProgramBody(
        name="P", objectives=(), starts_on=TODAY, search_fields=SearchFields.model_validate({"show": tuple(show)})
    )
    return Program(program_id, 1, (uuid4(),), body)


def seen_by(viewer: Person, seen: Person, *programs: Program) -> PersonAnswer | None:
    shown = shown_fields(seen, viewer, programs)
    return None if shown is None else PersonAnswer.of(seen, shown, {SKILL: VocabularySkill(SKILL, 1, "Excel")}, TODAY)


def is_in(answer: PersonAnswer, field: str) -> bool:
    """Whether an answer says anything of a field."""
    if field == "evidence":
        return any(skill.evidence is not None or skill.typed_evidence is not None for skill in answer.skills)
    name = {"unit": "unit_path", "photo": "photo_version"}.get(field, field)
    return bool(getattr(answer, name))


@pytest.mark.parametrize("field", HIDEABLE_FIELDS)
@pytest.mark.parametrize(("visibility", "viewer"), SEEN)
def test_a_field_is_seen_as_the_table_says(field: str, visibility: Visibility, viewer: str) -> None:
    shy = person(visibility={field: visibility})
    answer = seen_by(person(UNIT if viewer == "unit" else OTHER_UNIT), shy, program())
    assert answer
    assert is_in(answer, field) is SEEN[visibility, viewer]


@settings(deadline=None)
@given(choices, offers, st.sampled_from(["unit", "program"]))
def test_nothing_is_seen_that_the_person_or_the_program_withholds(
    hidden: dict[str, Visibility], offered: set[str], viewer: str
) -> None:
    answer = seen_by(person(UNIT if viewer == "unit" else OTHER_UNIT), person(visibility=hidden), program(show=offered))
    assert answer
    for field in {*IN_PROGRAM, *HIDEABLE_FIELDS}:
        allowed = field not in IN_PROGRAM or field in offered
        wanted = SEEN[hidden.get(field, "everyone"), viewer]
        if field == "evidence":
            wanted = wanted and SEEN[hidden.get("skills", "everyone"), viewer]
        assert is_in(answer, field) is (allowed and wanted), field


@settings(deadline=None)
@given(choices, offers, st.sampled_from(["unit", "program"]))
def test_a_preview_is_what_such_a_colleague_sees(hidden: dict[str, Visibility], offered: set[str], viewer: str) -> None:
    shy, offering = person(visibility=hidden), program(show=offered)
    somebody = person(UNIT if viewer == "unit" else OTHER_UNIT)
    assert seen_by(colleague(shy, in_unit=viewer == "unit", program_id=None), shy, offering) == seen_by(
        somebody, shy, offering
    )


def test_a_preview_for_one_program_knows_nothing_of_another() -> None:
    both = person(joined=(PROGRAM, OTHER_PROGRAM))
    programs = program(show=("bio",)), program(OTHER_PROGRAM, ("location",))
    in_one = seen_by(colleague(both, in_unit=True, program_id=PROGRAM), both, *programs)
    in_all = seen_by(colleague(both, in_unit=True, program_id=None), both, *programs)
    assert in_one
    assert in_all
    assert (in_one.bio, in_one.location) == ("About me", None)
    assert (in_all.bio, in_all.location) == ("About me", "Berlin")
    assert seen_by(colleague(both, in_unit=True, program_id=uuid4()), both, *programs) is None


def test_every_field_that_can_be_hidden_is_one_that_is_published() -> None:
    published = set(ProfileChangedV1.model_fields) | {"evidence", "photo"}
    assert set(HIDEABLE_FIELDS) <= published


def test_who_left_is_seen_by_nobody_even_before_their_participations_have_ended() -> None:
    gone = replace(person(), status="left")
    assert gone.participations
    assert shown_fields(gone, person(), [program()]) is None


def test_the_works_council_is_told_of_every_field_that_colleagues_see_and_of_no_other() -> None:
    told = [use.field for use in personal_uses()] + list(ALWAYS_SHOWN) + list(IN_PROGRAM)
    answered = PersonAnswer.model_fields.keys() - {"person_id"} | {"evidence"}
    assert sorted(ANSWERED_AS.get(field, field) for field in told) == sorted(answered)
    assert not answered & set(NEVER_SHOWN)


def test_the_works_council_is_told_of_every_choice_a_person_has() -> None:
    assert all(set(use.seen_by) == set(get_args(Visibility)) for use in personal_uses())


def test_who_left_sees_nobody_also_in_a_program_of_their_own() -> None:
    gone = replace(person(joined=()), status="left")
    own = replace(program(), owners=(gone.person_id,))
    assert shown_fields(person(), gone, [own]) is None
    assert shown_fields(person(), replace(gone, status="on_leave"), [own])
