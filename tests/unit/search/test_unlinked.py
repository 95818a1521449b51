"""Which searched words are kept as terms that the vocabulary may lack: none that may name somebody."""

from uuid import uuid4

import pytest
from search_service.understand import understand
from search_service.unlinked import asked_words, name_words, searcher_hash, term_of
from search_service.vocabulary import SkillName, Vocabulary

EXCEL = SkillName(uuid4(), "Excel", ("spreadsheets",), retired=False, merged_into=None)
VOCABULARY = Vocabulary.of([EXCEL], ["Research"])


def term(typed: str) -> str | None:
    return term_of(typed, understand(typed, VOCABULARY))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("tribology", "tribology"),
        ("who can help me with Tribology?", "tribology"),
        ("Annual  REPORTS in Research", "annual reports"),
        ("SAP FICO", "sap fico"),
        ("Blockchain basics", "blockchain basics"),
    ],
)
def test_words_that_no_skill_is_called_are_kept_as_they_are_compared(typed: str, kept: str) -> None:
    assert term(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "who knows",
        "excel macros",  # a skill was found
        "spredsheets",  # and so it was here
        "nadia.ferreira@aurora.test",
        "mail nadia@aurora",
        "+49 (30) 123-456",
        "Nadia Ferreira",
        "know Nadia Ferreira well",
        "J. O'Brien",
        "dr ferreira",
        "Frau Müller",
        "fräulein müller",
        "two three four five six",
        "x" * 61,
    ],
)
def test_what_may_name_somebody_or_is_no_name_of_a_skill_is_not_kept(typed: str) -> None:
    assert term(typed) is None


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Öykü Yılmaz", ["yilmaz", "yılmaz", "OYKU", "Öykü"]),
        ("Jürgen Groß", ["juergen", "jurgen", "gross", "Groß"]),
        ("Bjørn Łukasz", ["bjorn", "bjoern", "lukasz"]),
        ("Anne-Marie O'Brien", ["anne", "brien"]),
        ("李秀英", ["李秀英", "秀英"]),
        ("ジョン", ["ジョン", "ｼﾞｮﾝ"]),
        ("हिमांशु देवी", ["हिमांशु", "देवी"]),
        ("An Do", ["an", "Do"]),
    ],
)
def test_a_name_is_known_in_every_usual_spelling(name: str, typed: list[str]) -> None:
    known = set(name_words(name))
    assert all(known.intersection(asked_words(word)) for word in typed)


def test_initials_are_nobody_and_filler_words_only_when_alone() -> None:
    assert "j" not in name_words("J. Smith")
    assert asked_words("who can help me with x") == ("x",)


def test_what_is_kept_is_the_same_in_any_case_and_width() -> None:
    assert term("ТРИБОЛОГИЯ") == term("Трибология") == "трибология"
    assert term("ﾌﾟﾛｸﾞﾗﾐﾝｸﾞ") == "プログラミング"


def test_a_searcher_is_another_in_each_term() -> None:
    person = uuid4()
    hashes = {searcher_hash(key, term, person) for key in (b"k", b"l") for term in ("a", "b")}
    assert len(hashes) == 4
    assert searcher_hash(b"k", "a", person) in hashes
