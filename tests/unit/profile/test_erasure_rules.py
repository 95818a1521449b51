"""What is left of a forgotten person is the same for everybody but for the id and the version."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from flash_schemas.profile import Experience, Participation, UnitRef
from hypothesis import given
from hypothesis import strategies as st
from profile_service import model
from profile_service.model import Declared, Erasure, Person

ROOT = UnitRef(unit_id=UUID(int=1), name="Aurora")
DECLARED = (
    Declared(),
    Declared(
        experience=(Experience(title="Secret", since=date(2020, 1, 1)),),
        languages=("pt",),
        time_zone="Europe/Lisbon",
        bio="I like maps.",
        can_help_with=("maps",),
        visibility={"bio": "nobody"},
    ),
)
PATHS = ((ROOT,), (ROOT, UnitRef(unit_id=UUID(int=4), name="Research")))
TAKES_PART = ((), (Participation(program_id=UUID(int=2), roles=("mentor",)),))

texts = st.sampled_from(["Nadia", "李秀英", "x"])
people = st.builds(
    Person,
    person_id=st.uuids(),
    employee_number=texts,
    sequence=st.integers(0, 2**40),
    version=st.integers(1, 2**40),
    name=texts,
    job_title=texts,
    job_level=st.integers(1, 20),
    location=texts,
    unit_id=st.uuids(),
    status=st.sampled_from(["active", "on_leave", "left"]),
    hired_on=st.sampled_from([None, date(2019, 4, 1)]),
    declared=st.sampled_from(DECLARED),
    unit_path=st.sampled_from(PATHS),
    participations=st.sampled_from(TAKES_PART),
    choices=st.sampled_from([{}, {"a program": ("mentor",)}]),
    email=st.sampled_from([None, "nadia@aurora.example"]),
)


@given(people, people)
def test_two_who_are_forgotten_differ_in_nothing_but_id_and_version(one: Person, other: Person) -> None:
    empty = [replace(model.emptied(person), person_id=UUID(int=0), version=0) for person in (one, other)]
    assert empty[0] == empty[1]


@given(people, st.integers(1, 2**41))
def test_the_empty_state_is_newer_than_any_before_and_hides_the_person(person: Person, least: int) -> None:
    empty = model.emptied(person, least)
    event = empty.event("erased").event
    assert empty.version > person.version
    assert empty.version >= least
    assert empty.erased
    assert event.model_dump(include={"status", "participations", "bio"}) == {
        "status": "left",
        "participations": (),
        "bio": "",
    }


def test_a_person_at_work_is_not_forgotten() -> None:
    assert not Person(UUID(int=3), "1", 0, 1, "N", "T", 1, "L", ROOT.unit_id).erased


def test_all_have_confirmed_only_when_each_has() -> None:
    asked = model.services_asked()
    assert set(asked) == {"profile", "search", "session", "analytics"}
    assert model.all_confirmed([*asked, "another"])
    assert not any(model.all_confirmed([each for each in asked if each != missing]) for missing in asked)


def test_topics_are_clear_nine_days_after_the_request() -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    assert Erasure(UUID(int=3), "own_request", at, None, []).topics_clear_by == at + timedelta(days=9)
