"""Which phrases of a person's own words hint at a skill."""

from datetime import date
from uuid import uuid4

import pytest
from flash_schemas.profile import Experience
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_service.model import Declared, Person, hints, normalised
from profile_service.model.suggestions import LONGEST_NAME_WORDS, MAX_WORDS


def person(job_title: str = "Clerk", *experience: Experience) -> Person:
    return Person(
        person_id=uuid4(),
        employee_number="1",
        sequence=1,
        version=1,
        name="Nadia",
        job_title=job_title,
        job_level=5,
        location="Berlin",
        unit_id=uuid4(),
        declared=Declared(experience=experience),
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Senior Salesforce Administrator", "salesforce"),
        ("Uses C++, C# and .NET.", "c++"),
        ("Uses C++, C# and .NET.", "c#"),
        ("Uses C++, C# and .NET.", ".net"),
        ("Node.js; Python/Django (REST)", "node.js"),
        ("Node.js; Python/Django (REST)", "django"),
        ("Node.js; Python/Django (REST)", "rest"),
        ("CI/CD engineer", "ci/cd"),
        ("CRM - Salesforce lead", "crm - salesforce"),
        ("Ｅｘｃｅｌ expert", "excel"),
        ("Writes Go services", "go"),
    ],
)
def test_a_name_is_found_in_a_text(text: str, name: str) -> None:
    assert hints(person(text))[name] == "job_title"


@pytest.mark.parametrize(
    ("text", "name"), [("Excellent clerk", "excel"), ("go to market", "go"), ("JavaScript", "java"), ("it clerk", "it")]
)
def test_a_part_of_a_word_or_a_small_word_is_no_name(text: str, name: str) -> None:
    assert name not in hints(person(text))


def test_the_first_place_counts_and_the_newest_experience_is_read_first() -> None:
    old = Experience(title="Java developer", since=date(2001, 1, 1), description="x " * MAX_WORDS)
    new = Experience(title="Cook", since=date(2020, 1, 1), description="cooked with Java")
    found = hints(person("Cook", old, new))
    assert (found["cook"], found["java"]) == ("job_title", "experience")


def test_only_so_many_words_are_read() -> None:
    words = 500
    long = Experience(title="Writer", since=date(2020, 1, 1), description="word " * words)
    old = Experience(title="Kubernetes", since=date(2010, 1, 1))
    assert "kubernetes" in hints(person("Clerk", long, old))
    assert "kubernetes" not in hints(person("Clerk", *[long] * (MAX_WORDS // words), old))


@settings(deadline=None)
@given(st.lists(st.sampled_from(["Alpha", "Beta", "Gamma,", "(Delta)"]), min_size=1, max_size=8))
def test_exactly_the_runs_of_whole_words_are_found(words: list[str]) -> None:
    bare = [normalised(word.strip("(),")) for word in words]
    runs = {
        " ".join(bare[start:end])
        for start in range(len(bare))
        for end in range(start + 1, min(start + LONGEST_NAME_WORDS, len(bare)) + 1)
    }
    found = {phrase for phrase in hints(person(" ".join(words))) if not set(phrase) & set("(),")}
    assert found - {""} == {run for run in runs if run in found} == runs
