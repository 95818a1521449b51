"""Searched words that no skill is called, and which of them may be kept at all: never what may name somebody. Pure.

Enough people who search the same in vain say what the vocabulary lacks: a skill, or an alias of one.
"""

import hashlib
import hmac
import re
from itertools import pairwise
from uuid import UUID

from search_service.understand import FILLERS, Understood
from search_service.vocabulary import Phrase, words

SMALLEST_SEARCHERS = 5
"""How many people must have searched a term before anybody is shown it."""
LONGEST_TERM, MOST_WORDS = 60, 4
"""Characters and words; more is a sentence, and no name of a skill."""
HASH_BYTES = 16

TITLES = frozenset(
    {"mr", "mrs", "miss", "dr", "prof", "herr", "frau", "fraulein", "madame", "monsieur", "signora", "senora"}
)
_NUMBER = re.compile(r"(?:\d[\s./()+-]*){6}")
_WITHOUT_ACCENT = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
_AS_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_FIRST_OF_EAST_ASIA = "\u2e80"


def term_of(typed: str, understood: Understood) -> str | None:
    """What a query asked for in vain, as it is kept; None if a skill was found, or if the words may name somebody."""
    term = " ".join(words(understood.text))
    if understood.skills or not term or len(term) > LONGEST_TERM or len(term.split()) > MOST_WORDS:
        return None
    return None if _may_name_somebody(typed) else term


def asked_words(typed: str) -> Phrase:
    """The words of a query that say something, or all; if one is of somebody's name, nothing of the query is kept."""
    asked = words(typed)
    return tuple(word for word in asked if word not in FILLERS) or asked


def name_words(name: str) -> list[str]:
    """The words that somebody may type to find a person of this name, in every usual spelling."""
    plain = name.casefold()
    spelt = (plain, plain.translate(_WITHOUT_ACCENT), plain.translate(_AS_TWO_LETTERS))
    typed = {word for spelling in spelt for word in words(spelling)}
    given = {word[1:] for word in typed if word >= _FIRST_OF_EAST_ASIA}  # the family's name is the first character
    return sorted(word for word in typed | given if len(word) > 1)


def searcher_hash(key: bytes, term: str, person_id: UUID) -> bytes:
    """Who searched a term, for counting and nothing else."""
    return hmac.new(key, f"{term}\0{person_id}".encode(), hashlib.sha256).digest()[:HASH_BYTES]


def _may_name_somebody(typed: str) -> bool:
    """An address, a number as of a telephone, a title, or two words in a row that are written like names."""
    if "@" in typed or _NUMBER.search(typed) or TITLES.intersection(words(typed)):
        return True
    return any(_is_like_name(one) and _is_like_name(other) for one, other in pairwise(typed.split()))


def _is_like_name(word: str) -> bool:
    """Nadia, O'Brien or J., but not SAP."""
    letters = "".join(filter(str.isalpha, word))
    return letters[:1].isupper() and (len(letters) == 1 or not letters.isupper())
