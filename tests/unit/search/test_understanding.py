"""What typed queries are taken to mean."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_service.understand import understand
from search_service.vocabulary import SkillName, Vocabulary, words

NAMES = {
    "CRM - Salesforce": ("sfdc", "salesforce", "salesforce crm"),
    "Kubernetes": ("k8s",),
    "Excel": ("spreadsheets",),
    "Excel pivot tables": ("pivots",),
    "C++": ("cpp",),
    "C#": ("csharp", ".net"),
    "Japanese": ("日本語",),
    "French": ("français",),
    "Continuous integration": ("CI/CD",),
}
IDS = {label: uuid4() for label in NAMES}
VOCABULARY = Vocabulary.of(
    [SkillName(IDS[label], label, aliases, retired=False, merged_into=None) for label, aliases in NAMES.items()],
    ["Sales and Marketing", "Research"],
)


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("CRM - Salesforce", "CRM - Salesforce"),
        ("salesforce crm", "CRM - Salesforce"),
        ("SFDC", "CRM - Salesforce"),
        ("who knows Salesforce?", "CRM - Salesforce"),
        ("Salesforse", "CRM - Salesforce"),
        ("k8s", "Kubernetes"),
        ("kubernets", "Kubernetes"),
        ("pivot tables in Excel", "Excel"),
        ("help me with excel pivot tables", "Excel pivot tables"),
        ("C++", "C++"),
        ("c#", "C#"),
        (".net", "C#"),
        ("日本語", "Japanese"),
        ("FRANCAIS", "French"),
        ("ci/cd", "Continuous integration"),
    ],
)
def test_names_aliases_and_misspellings_mean_the_skill(query: str, label: str) -> None:
    assert IDS[label] in understand(query, VOCABULARY).skills


def test_a_sentence_is_taken_apart() -> None:
    understood = understand("someone in Sales and Marketing who knows CRM - Salesforce reporting", VOCABULARY)
    assert understood.skills == (IDS["CRM - Salesforce"],)
    assert understood.units == ("Sales and Marketing",)
    assert understood.text == "reporting"


def test_a_correction_is_said() -> None:
    assert understand("kubernets", VOCABULARY).corrections == (("kubernets", "kubernetes"),)


def test_words_of_a_name_suggest_related_skills() -> None:
    assert understand("tables", VOCABULARY).related == (IDS["Excel pivot tables"],)


def test_a_name_suggests_skills_with_longer_names_and_those_within_it() -> None:
    assert understand("excel", VOCABULARY).related == (IDS["Excel pivot tables"],)
    assert understand("excel pivot tables", VOCABULARY).related == (IDS["Excel"],)
    assert understand("k8s", VOCABULARY).related == ()


@pytest.mark.parametrize("word", ["Salcedo", "Kurt", "Frenk", "reaserch".upper(), "exce"])
def test_short_or_distant_words_are_not_taken_for_skills(word: str) -> None:
    assert understand(word, VOCABULARY).skills == ()


def test_a_merged_skill_means_the_one_that_replaces_it() -> None:
    old, new = uuid4(), uuid4()
    vocabulary = Vocabulary.of(
        [
            SkillName(old, "Lotus 1-2-3", (), retired=True, merged_into=new),
            SkillName(new, "Excel", (), retired=False, merged_into=None),
        ],
        [],
    )
    assert understand("lotus 1-2-3", vocabulary).skills == (new,)
    assert vocabulary.label(old) == "Excel"


def test_merges_that_run_in_a_circle_end() -> None:
    one, two = uuid4(), uuid4()
    circle = [SkillName(a, str(a), (), retired=True, merged_into=b) for a, b in ((one, two), (two, one))]
    assert isinstance(Vocabulary.of(circle, []).canonical(one), UUID)


@given(st.text(max_size=256))
def test_any_text_is_understood_somehow(text: str) -> None:
    understood = understand(text, VOCABULARY)
    assert len(understood.text.split()) <= 32
    assert set(understood.skills) <= set(IDS.values())


@given(st.sampled_from(sorted(VOCABULARY.known_words)))
def test_known_words_are_never_corrected(word: str) -> None:
    assert understand(word, VOCABULARY).corrections == ()


@given(st.text(max_size=50))
def test_words_are_the_same_in_any_case(text: str) -> None:
    assert words(text.upper().lower()) == words(text.upper().lower().upper().lower())
