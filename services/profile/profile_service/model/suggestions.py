"""Which skills somebody's own words hint at. Step 3 of the write path: pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from profile_service.model.people import Person
from profile_service.model.skills import normalised

FoundIn = Literal["job_title", "experience"]
MAX_WORDS = 2_000
"""Of a person's texts, the newest experience first: what is further down hints at nothing."""
LONGEST_NAME_WORDS = 5
SHORT_NAME_LETTERS = 3
"""Names as short as "go" or "it" are words, too: they count only as "Go" or "IT"."""

_AROUND_WORDS = "\"'“”‘’«»()[]{}<>,;:!?…"
_BETWEEN_WORDS = re.compile(r"[\s/|,;()]+")


def hints(person: Person) -> dict[str, FoundIn]:
    """Every normalised phrase of the person's job title and experience, with where it stands first.

    A phrase is a run of whole words: "Excellent" hints at no Excel.
    """
    found: dict[str, FoundIn] = {}
    budget = MAX_WORDS
    for place, text in _texts(person):
        for words in _readings(text, budget):
            for phrase in _phrases(words):
                found.setdefault(phrase, place)
        budget -= len(text.split())
        if budget <= 0:
            break
    return found


def _texts(person: Person) -> Iterator[tuple[FoundIn, str]]:
    yield "job_title", person.job_title
    for entry in sorted(person.declared.experience, key=lambda entry: entry.since, reverse=True):
        yield "experience", entry.title
        yield "experience", entry.description


def _readings(text: str, limit: int) -> tuple[list[str], list[str]]:
    """A text's words as they are written, for names like CI/CD, and cut at slashes and commas as well."""
    written = text.split()[:limit]
    return written, _BETWEEN_WORDS.split(" ".join(written))


def _phrases(words: Iterable[str]) -> Iterator[str]:
    bare = [word.strip(_AROUND_WORDS).rstrip(".") for word in words]
    for start in range(len(bare)):
        for length in range(1, LONGEST_NAME_WORDS + 1):
            phrase = " ".join(bare[start : start + length])
            if len(phrase) > SHORT_NAME_LETTERS or phrase != phrase.lower():
                yield normalised(phrase)
