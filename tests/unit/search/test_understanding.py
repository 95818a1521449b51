"""What typed queries are taken to mean."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_service.understand import Present, understand
from search_service.vocabulary import SkillName, Vocabulary, words, words_typed

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
    ["Sales and Marketing", "Research", "Marketing", "IT", "R&D", "R & D", "Sales", "SALES"],
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


@pytest.mark.parametrize(
    ("query", "units"),
    [
        ("excel, who can help me with it", ()),
        ("it", ("IT",)),
        ("someone in IT who knows excel", ("IT",)),
        ("Marketing", ("Marketing",)),
        ("sales", ("SALES", "Sales")),
        ("r&d", ("R & D", "R&D")),
    ],
)
def test_a_unit_is_meant_by_its_name_in_any_spelling_and_not_by_a_filler(query: str, units: tuple[str, ...]) -> None:
    assert understand(query, VOCABULARY).units == units


def test_a_skill_is_not_meant_by_a_filler_either() -> None:
    vocabulary = Vocabulary.of([SkillName(TOP, "Computers", ("IT",), retired=False, merged_into=None)], [])
    assert understand("who can help me with it", vocabulary).skills == ()
    assert understand("help with IT", vocabulary).skills == (TOP,)


@pytest.mark.parametrize(
    ("query", "present", "units", "text"),
    [
        ("marketing", Present(), (), "marketing"),
        ("someone in IT", Present(), (), "IT"),
        ("Sales and Marketing", Present(units=frozenset({"Marketing"})), ("Marketing",), "Sales"),
        ("sales", Present(units=frozenset({"Sales"})), ("Sales",), ""),
    ],
)
def test_a_unit_that_nobody_is_in_is_text(query: str, present: Present, units: tuple[str, ...], text: str) -> None:
    understood = understand(query, VOCABULARY, present)
    assert (understood.units, understood.text) == (units, text)


@pytest.mark.parametrize("word", ["Researce", "Salem", "Markting"])
def test_no_word_is_corrected_into_a_unit(word: str) -> None:
    vocabulary = Vocabulary.of(
        [SkillName(TOP, "Sales forecasts", ("marketing plans",), retired=False, merged_into=None)],
        ["Sales", "Research", "Marketing"],
    )
    assert understand(word, vocabulary).units == ()


def test_what_was_typed_is_searched_beside_a_correction() -> None:
    understood = understand("kubernets in Brazil", VOCABULARY)
    assert (understood.linked_text, understood.text, understood.as_typed) == (
        "kubernetes",
        "Brazil",
        "kubernets Brazil",
    )
    assert understood.doubtful == ("kubernets",)
    assert understand("kubernetes in Brazil", VOCABULARY).as_typed == ""


def test_a_name_is_not_corrected() -> None:
    understood = understand("Kubernets", VOCABULARY, Present(names=frozenset({"Kubernets"})))
    assert (understood.skills, understood.text, understood.corrections) == ((), "Kubernets", ())


def test_a_filler_is_text_where_somebody_is_called_so_and_nothing_else_is_said() -> None:
    assert understand("An Do", VOCABULARY).doubtful == ("An", "Do")
    called = Present(names=frozenset({"An", "Do"}))
    assert understand("An Do", VOCABULARY, called).text == "An Do"
    assert understand("do you know An", VOCABULARY, called).text == "An"
    assert understand("excel, do help", VOCABULARY, called).text == ""
    assert understand("who knows", VOCABULARY, Present()).text == ""


@pytest.mark.parametrize(
    "text",
    ["プログラミング", "हिन्दी", "йога", "Αθήνα", "தமிழ்", "ภาษาไทย", "می‌خواهم", "Ｃ＋＋"],
)
def test_words_are_searched_as_they_were_typed(text: str) -> None:
    assert understand(text, Vocabulary()).text == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("São", "sao"),
        ("ﾌﾟﾛｸﾞﾗﾑ", "プログラム"),
        ("Ёлка", "елка"),
        ("ΑΘΗΝΑ", "Αθήνα"),
        ("מֹשֶׁה", "משה"),
        ("Ｃ＋＋．", "c++"),
    ],
)
def test_case_width_and_accents_make_no_other_word(one: str, other: str) -> None:
    assert words(one) == words(other)


@pytest.mark.parametrize(("one", "other"), [("パス", "バス"), ("दिन", "दान"), ("สี", "สิ")])
def test_signs_that_make_another_word_are_compared(one: str, other: str) -> None:
    assert words(one) != words(other)


@given(st.text(max_size=50))
def test_every_word_that_is_typed_has_one_that_is_compared(text: str) -> None:
    assert all(words(word) == (one,) for word, one in zip(words_typed(text), words(text), strict=True))


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


TOP, MIDDLE, LOW, OLD, APART = (UUID(int=number) for number in range(1, 6))


def ordered(*, middle: dict[str, object] | None = None, top: UUID | None = None) -> Vocabulary:
    """Cloud computing, under it AWS, under that Lambda; and what was called Amazon's cloud before."""
    usual: dict[str, object] = {"retired": False, "merged_into": None}
    return Vocabulary.of(
        [
            SkillName(TOP, "Cloud computing", ("cloud",), broader_id=top, **usual),  # type: ignore[arg-type] # as given
            SkillName(MIDDLE, "AWS", (), **{**usual, "broader_id": TOP, **(middle or {})}),  # type: ignore[arg-type] # too
            SkillName(LOW, "Lambda", (), broader_id=OLD, **usual),  # type: ignore[arg-type] # too
            SkillName(OLD, "Amazon", (), broader_id=APART, retired=True, merged_into=MIDDLE),
            SkillName(APART, "Shops", (), **usual),  # type: ignore[arg-type] # too
        ],
        [],
    )


def test_a_broader_skill_brings_all_that_lies_below_it_the_nearest_first() -> None:
    understood = understand("who knows cloud", ordered())
    assert (understood.skills, understood.narrower) == ((TOP,), {TOP: (MIDDLE, LOW)})
    assert understand("AWS", ordered()).narrower == {MIDDLE: (LOW,)}
    assert understand("lambda", ordered()).narrower == {}
    assert understand("shops", ordered()).narrower == {}, "a merged skill has the place of the one it became"


def test_a_skill_that_is_asked_for_itself_is_not_one_below_another() -> None:
    assert understand("cloud with aws", ordered()).narrower == {TOP: (LOW,), MIDDLE: (LOW,)}
    assert understand("cloud lambda", ordered()).narrower == {TOP: (MIDDLE,)}


def test_a_skill_below_a_linked_one_is_not_related_as_well() -> None:
    named = {"label": "Cloud computing with AWS", "aliases": ("cloud aws",)}
    skills = [
        SkillName(TOP, "Cloud", (), retired=False, merged_into=None),
        SkillName(MIDDLE, retired=False, merged_into=None, broader_id=TOP, **named),  # type: ignore[arg-type] # as given
    ]
    understood = understand("cloud", Vocabulary.of(skills, []))
    assert (understood.related, understood.narrower) == ((), {TOP: (MIDDLE,)})


def test_a_retired_skill_is_passed_through_and_not_searched() -> None:
    retired = ordered(middle={"retired": True})
    assert understand("cloud", retired).narrower == {TOP: (LOW,)}


def test_what_is_below_has_an_end_where_there_is_a_circle_and_where_there_is_much() -> None:
    assert understand("cloud", ordered(top=LOW)).narrower == {TOP: (MIDDLE, LOW)}
    assert ordered().below(TOP, 1) == [MIDDLE]
