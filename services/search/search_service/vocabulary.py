"""The names people use: skills with all their aliases, and units, as a lookup by words. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

Phrase = tuple[str, ...]

_MARK = "\u0300"
"""Stands for any mark, which belongs to the letter before it: an accent, a vowel sign, a joiner."""
_LETTER = rf"(?:[^\W_]{_MARK}*)"
# A run of letters and digits that may hold or end in + # . as in c++, c#, node.js; or begin with a dot as in .net.
_WORD = re.compile(rf"\.?{_LETTER}+(?:[+#.]+{_LETTER}*)*")
_JOINERS = "\u200c\u200d"


def words_typed(text: str) -> Phrase:
    """The words of a text as they stand there; of several ways to write the same letter, the usual one."""
    text = unicodedata.normalize("NFC", text)
    found = _WORD.finditer("".join(map(_kind, text)))
    return tuple(text[each.start() :][: len(each.group().rstrip("."))] for each in found)


def words(text: str) -> Phrase:
    """The words of a text as they are compared: without case, width and accents."""
    return tuple(plain(word) for word in words_typed(text))


def plain(word: str) -> str:
    """A word without case, width and accents."""
    letters = unicodedata.normalize("NFKD", word).casefold()
    return unicodedata.normalize("NFC", "".join(letter for letter in letters if not _may_be_left_out(letter)))


def _may_be_left_out(letter: str) -> bool:
    """Accents and the points of Hebrew and Arabic, but not what makes another word in Hindi or kana."""
    unicode_class = unicodedata.combining(letter)
    return 10 <= unicode_class <= 36 or unicode_class >= 200


def _kind(character: str) -> str:
    """What a character is for the beginning and end of words, whatever its width."""
    narrow = unicodedata.normalize("NFKC", character)
    if narrow in _JOINERS or unicodedata.category(narrow[0]).startswith("M"):
        return _MARK
    return narrow if len(narrow) == 1 else character


@dataclass(frozen=True, slots=True)
class SkillName:
    """A skill of the vocabulary."""

    skill_id: UUID
    label: str
    aliases: tuple[str, ...]
    retired: bool
    merged_into: UUID | None
    broader_id: UUID | None = None


@dataclass
class Vocabulary:
    """Skills and units by phrase, which may stand for several units that differ in case or signs alone.

    `known_words` are all words of their names, `narrower` what lies right below each skill.
    """

    skills: dict[UUID, SkillName] = field(default_factory=dict)
    skill_phrases: dict[Phrase, UUID] = field(default_factory=dict)
    unit_phrases: dict[Phrase, tuple[str, ...]] = field(default_factory=dict)
    skills_by_word: dict[str, set[UUID]] = field(default_factory=dict)
    narrower: dict[UUID, list[UUID]] = field(default_factory=dict)
    known_words: set[str] = field(default_factory=set)
    longest: int = 1

    @classmethod
    def of(cls, skills: Iterable[SkillName], unit_names: Iterable[str]) -> "Vocabulary":
        """The lookup for these skills and units. A label wins over another skill's alias."""
        made = cls(skills={skill.skill_id: skill for skill in skills})
        in_use = [skill for skill in made.skills.values() if not skill.retired or skill.merged_into]
        for skill in in_use:
            made._add(skill.label, skill)
        for skill in in_use:
            for alias in skill.aliases:
                made._add(alias, skill)
        made._order()
        for name in sorted(unit_names):
            phrase = words(name)
            made._take(phrase)
            made.unit_phrases[phrase] = (*made.unit_phrases.get(phrase, ()), name)
        return made

    def without_units(self) -> "Vocabulary":
        """The same skills, and no units."""
        return Vocabulary.of(self.skills.values(), ())

    def canonical(self, skill_id: UUID) -> UUID:
        """The skill that stands for this one, following merges."""
        passed: set[UUID] = set()
        while skill_id not in passed and (skill := self.skills.get(skill_id)) and skill.merged_into:
            passed.add(skill_id)
            skill_id = skill.merged_into
        return skill_id

    def label(self, skill_id: UUID) -> str | None:
        """The name of a skill, None for one that is not known here yet."""
        skill = self.skills.get(self.canonical(skill_id))
        return skill.label if skill else None

    def retired(self, skill_id: UUID) -> bool:
        """Whether a skill is one that nobody can claim any more."""
        skill = self.skills.get(self.canonical(skill_id))
        return skill is not None and skill.retired

    def below(self, skill_id: UUID, limit: int) -> list[UUID]:
        """What is narrower than a skill at any distance, the nearest first, and can be claimed; at most `limit`."""
        found = {skill_id: None}
        for above in (ways := [skill_id]):  # grows while it is read: each skill brings its own
            new = [each for each in self.narrower.get(above, ()) if each not in found]
            found |= dict.fromkeys(new)
            ways += new
        return [each for each in ways[1:] if not self.skills[each].retired][:limit]

    def find(self, text: str) -> UUID | None:
        """The skill with this name."""
        return self.skill_phrases.get(words(text))

    def _order(self) -> None:
        """Put each skill right below the one that is broader, or below that which stands for it."""
        for skill in sorted(self.skills.values(), key=lambda skill: skill.label):
            if skill.broader_id:
                self.narrower.setdefault(self.canonical(skill.broader_id), []).append(skill.skill_id)

    def _add(self, name: str, skill: SkillName) -> None:
        phrase, skill_id = words(name), self.canonical(skill.skill_id)
        if phrase:
            self._take(phrase)
            self.skill_phrases.setdefault(phrase, skill_id)
            for word in phrase:
                self.skills_by_word.setdefault(word, set()).add(skill_id)

    def _take(self, phrase: Phrase) -> None:
        self.known_words.update(phrase)
        self.longest = max(self.longest, len(phrase))
