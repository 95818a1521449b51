"""The first step of a search: what a typed query means, found in the vocabulary before OpenSearch is asked. Pure.

Synonyms and misspellings do not compose inside OpenSearch, so both are resolved here: phrases become skills and units,
words that nobody knows are read as the known word they resemble, and what is left is free text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search_service.vocabulary import Phrase, Vocabulary, words

MAX_WORDS = 32
RELATED_LIMIT = 20
NARROWER_LIMIT = 500
ONE_EDIT_FROM, TWO_EDITS_FROM = 5, 9
"""Word lengths from which one and two edits are taken for a misspelling."""

FILLER_WORDS = """
a about am an and any anybody anyone at best by can colleague could do does expert experts find for from good has have
help helps how i in is it know knowing knows looking me mentor my need of on one or people person please really
skilled somebody someone somewhere teach that the there to understands us use using want we well what where which who
whom with would you
der die das den ein eine einen im ist jemand kann kennt mich mir mit oder sich sucht suche und von wer wie zu
"""
FILLERS = frozenset(FILLER_WORDS.split())


@dataclass(frozen=True, slots=True)
class Understood:
    """A query taken apart: linked skills and units, corrected words, free text, and skills it may have to do with.

    `narrower` are the kinds and parts of each linked skill that has some; who knows one of them knows of the whole.
    """

    skills: tuple[UUID, ...] = ()
    units: tuple[str, ...] = ()
    text: str = ""
    linked_text: str = ""
    related: tuple[UUID, ...] = ()
    narrower: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    corrections: tuple[tuple[str, str], ...] = ()


def understand(query: str, vocabulary: Vocabulary) -> Understood:
    """Link the longest phrases first, from left to right; correct only words that are in no name."""
    typed = words(query)[:MAX_WORDS]
    corrected = tuple(_corrected(word, vocabulary) for word in typed)
    skills, units, free, linked = _link(corrected, vocabulary)
    text = tuple(word for word in free if word not in FILLERS)
    narrower = _narrower(skills, vocabulary)
    return Understood(
        skills=tuple(dict.fromkeys(skills)),
        units=tuple(dict.fromkeys(units)),
        text=" ".join(text),
        linked_text=" ".join(word for part in linked for word in part),
        related=_related(text, linked, [*skills, *(each for below in narrower.values() for each in below)], vocabulary),
        narrower=narrower,
        corrections=tuple((old, new) for old, new in zip(typed, corrected, strict=True) if old != new),
    )


def _link(phrase: Phrase, vocabulary: Vocabulary) -> tuple[list[UUID], list[str], list[str], list[Phrase]]:
    """Skills, units, the words that are neither, and the names of linked skills as they were typed."""
    skills: list[UUID] = []
    units: list[str] = []
    free: list[str] = []
    linked: list[Phrase] = []
    start = 0
    while start < len(phrase):
        end = _longest_name(phrase, start, vocabulary)
        part = phrase[start:end]
        if part in vocabulary.skill_phrases:
            skills.append(vocabulary.skill_phrases[part])
            linked.append(part)
        elif part in vocabulary.unit_phrases:
            units.append(vocabulary.unit_phrases[part])
        else:
            free += part
        start = end
    return skills, units, free, linked


def _longest_name(phrase: Phrase, start: int, vocabulary: Vocabulary) -> int:
    """Where the longest name from `start` ends; one word further when none begins there."""
    for end in range(min(len(phrase), start + vocabulary.longest), start, -1):
        part = phrase[start:end]
        if part in vocabulary.skill_phrases or part in vocabulary.unit_phrases:
            return end
    return start + 1


def _corrected(word: str, vocabulary: Vocabulary) -> str:
    """The known word that this one is most like, or the word itself. The first letter is taken to be right."""
    if word in vocabulary.known_words or word in FILLERS or len(word) < ONE_EDIT_FROM:
        return word
    edits = 2 if len(word) >= TWO_EDITS_FROM else 1
    alike = [known for known in vocabulary.known_words if known[0] == word[0] and abs(len(known) - len(word)) <= edits]
    best = process.extract(word, sorted(alike), scorer=OSA.distance, score_cutoff=edits, limit=2)
    unclear = len(best) == 2 and best[0][1] == best[1][1]
    return best[0][0] if best and not unclear else word


def _narrower(skills: Sequence[UUID], vocabulary: Vocabulary) -> dict[UUID, tuple[UUID, ...]]:
    """What is narrower than each linked skill, without those that are linked themselves."""
    every = {skill_id: vocabulary.below(skill_id, NARROWER_LIMIT) for skill_id in skills}
    below = {skill_id: tuple(each for each in found if each not in skills) for skill_id, found in every.items()}
    return {skill_id: found for skill_id, found in below.items() if found}


def _related(text: Phrase, linked: Sequence[Phrase], meant: Sequence[UUID], vocabulary: Vocabulary) -> tuple[UUID, ...]:
    """Skills whose names hold every word of the free text or of a linked name, or stand within a linked name.

    Without those that the query is `meant` to be about.
    """
    found = [skill_id for part in linked for skill_id in _within(part, vocabulary)]
    for part in filter(None, (text, *linked)):
        found += sorted(set.intersection(*(vocabulary.skills_by_word.get(word, set()) for word in part)))
    return tuple(skill_id for skill_id in dict.fromkeys(found) if skill_id not in meant)[:RELATED_LIMIT]


def _within(part: Phrase, vocabulary: Vocabulary) -> Iterator[UUID]:
    """What shorter names within a longer one mean: of Excel lookups, Excel."""
    for start in range(len(part)):
        for end in range(start + 1, len(part) + 1):
            if part[start:end] in vocabulary.skill_phrases:
                yield vocabulary.skill_phrases[part[start:end]]
