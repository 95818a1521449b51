"""The names people use: skills with all their aliases, and units, as a lookup by words. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

Phrase = tuple[str, ...]

# A run of letters and digits that may hold or end in + # . as in c++, c#, node.js; or begin with a dot as in .net.
_WORD = re.compile(r"\.?[^\W_]+(?:[+#.]+[^\W_]*)*")


def words(text: str) -> Phrase:
    """The words of a text, without case, width and accents."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(character for character in plain if unicodedata.category(character) != "Mn")
    return tuple(word.rstrip(".") for word in _WORD.findall(unicodedata.normalize("NFC", kept)))


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
    """Skills and units by phrase; `known_words` are all words of their names, `narrower` what lies right below each."""

    skills: dict[UUID, SkillName] = field(default_factory=dict)
    skill_phrases: dict[Phrase, UUID] = field(default_factory=dict)
    unit_phrases: dict[Phrase, str] = field(default_factory=dict)
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
        for name in unit_names:
            made._take(words(name))
            made.unit_phrases[words(name)] = name
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
