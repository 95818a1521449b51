"""The first step of a search: what a typed query means, found in the vocabulary before OpenSearch is asked. Pure.

Synonyms and misspellings do not compose inside OpenSearch, so both are resolved here: phrases become skills and units,
words that nobody knows are read as the known word they resemble, and what is left is free text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search_service.vocabulary import Phrase, Vocabulary, plain, words_typed

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
    `as_typed` is searched beside what corrections made of it. `doubtful` are words that mean something else where
    somebody is called so.
    """

    skills: tuple[UUID, ...] = ()
    units: tuple[str, ...] = ()
    text: str = ""
    linked_text: str = ""
    as_typed: str = ""
    related: tuple[UUID, ...] = ()
    narrower: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    corrections: tuple[tuple[str, str], ...] = ()
    doubtful: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Present:
    """What there is where a query is asked: the units that somebody is in, and the doubtful words that are names."""

    units: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was typed, as it is compared, and as it is read: another only if it is taken for a misspelling."""

    typed: str
    plain: str
    read: str

    @property
    def corrected(self) -> bool:
        """Whether it is read as another."""
        return self.read != self.plain

    @property
    def searched(self) -> str:
        """What is searched in texts: letters as they were typed, which OpenSearch compares in its own way."""
        return self.read if self.corrected else self.typed


Words = tuple[Word, ...]


@dataclass(slots=True)
class Parts:
    """What the words of a query are: names of skills and of units, fillers, or anything else."""

    skills: list[UUID] = field(default_factory=list)
    named: list[Words] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    fillers: list[Word] = field(default_factory=list)
    free: list[Word] = field(default_factory=list)


def understand(query: str, vocabulary: Vocabulary, present: Present | None = None) -> Understood:
    """Link the longest phrases first, from left to right; correct only words that are in no name.

    As long as nobody has looked what is present, that is every unit, and no name of anybody.
    """
    names = present.names if present else frozenset()
    said = tuple(_word(typed, vocabulary, names) for typed in words_typed(query)[:MAX_WORDS])
    parts = _parts(said, vocabulary, present)
    alone = [] if parts.skills or parts.units or parts.free else parts.fillers
    text = parts.free or [word for word in alone if word.typed in names]
    linked = [word for part in parts.named for word in part]
    narrower = _narrower(parts.skills, vocabulary)
    meant = [*parts.skills, *(each for below in narrower.values() for each in below)]
    corrected = [word for word in said if word.corrected]
    return Understood(
        skills=tuple(dict.fromkeys(parts.skills)),
        units=tuple(dict.fromkeys(parts.units)),
        text=" ".join(word.searched for word in text),
        linked_text=" ".join(word.searched for word in linked),
        as_typed=" ".join(word.typed for word in (*linked, *text)) if corrected else "",
        related=_related(_read(text), [_read(part) for part in parts.named], meant, vocabulary),
        narrower=narrower,
        corrections=tuple((word.typed, word.read) for word in corrected),
        doubtful=tuple(word.typed for word in (*corrected, *alone)),
    )


def _word(typed: str, vocabulary: Vocabulary, names: frozenset[str]) -> Word:
    compared = plain(typed)
    return Word(typed, compared, compared if typed in names else _corrected(compared, vocabulary))


def _parts(said: Words, vocabulary: Vocabulary, present: Present | None) -> Parts:
    parts, start = Parts(), 0
    while start < len(said):
        part, skill_id, units = _name(said, start, vocabulary, present)
        if skill_id:
            parts.skills.append(skill_id)
            parts.named.append(part)
        elif units:
            parts.units += units
        elif _is_filler(part, said, vocabulary):
            parts.fillers += part
        else:
            parts.free += part
        start += len(part)
    return parts


def _name(
    said: Words, start: int, vocabulary: Vocabulary, present: Present | None
) -> tuple[Words, UUID | None, Sequence[str]]:
    """The longest name from `start` and what is called so; the next word alone when none begins there."""
    for end in range(min(len(said), start + vocabulary.longest), start, -1):
        part = said[start:end]
        if not _is_filler(part, said, vocabulary):
            skill_id, units = vocabulary.skill_phrases.get(_read(part)), _units(part, vocabulary, present)
            if skill_id or units:
                return part, skill_id, units
    return said[start : start + 1], None, ()


def _is_filler(part: Words, said: Words, vocabulary: Vocabulary) -> bool:
    """Whether it says nothing. What is called like a filler, such as IT, is meant in capitals or as all of a query."""
    if any(word.plain not in FILLERS for word in part):
        return False
    stressed = part == said or all(len(word.typed) > 1 and word.typed.isupper() for word in part)
    return not (stressed and (_read(part) in vocabulary.skill_phrases or _plain(part) in vocabulary.unit_phrases))


def _units(part: Words, vocabulary: Vocabulary, present: Present | None) -> Sequence[str]:
    """The units of this name, which is not corrected: who types something else does not ask to be held to a unit."""
    named = vocabulary.unit_phrases.get(_plain(part), ())
    return [name for name in named if present is None or name in present.units]


def _plain(part: Iterable[Word]) -> Phrase:
    return tuple(word.plain for word in part)


def _read(part: Iterable[Word]) -> Phrase:
    return tuple(word.read for word in part)


def _corrected(word: str, vocabulary: Vocabulary) -> str:
    """The word of a skill's name that this one is most like, or the word itself. The first letter is taken as right."""
    if word in vocabulary.known_words or word in FILLERS or len(word) < ONE_EDIT_FROM:
        return word
    edits = 2 if len(word) >= TWO_EDITS_FROM else 1
    alike = [known for known in vocabulary.skills_by_word if known[0] == word[0]]
    alike = [known for known in alike if abs(len(known) - len(word)) <= edits]
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
