"""The rules of an import: what an entry of another vocabulary changes in ours. Step 3 of the write path: pure.

Nothing is taken away. What an editor here changed stays: a name that the source has said before is not added again, and
a label is renamed after the source's only while it is still the one that the source gave.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID, uuid4

from chassis.outbox import Outgoing

from profile_service.model.audit import AuditEntry
from profile_service.model.skills import MAX_ALIASES, VocabularySkill, normalised

Outcome = Literal["added", "changed", "unchanged", "skipped"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as its source has it: where it stands there, the source's own id, and names; `broader` is a name."""

    place: str
    source_id: str
    label: str
    aliases: tuple[str, ...] = ()
    broader: str | None = None

    def names(self) -> tuple[str, ...]:
        """Label and aliases."""
        return (self.label, *self.aliases)


@dataclass(frozen=True, slots=True)
class Said:
    """What a source said of an entry and was taken into `skill_id`: the label, and all names, normalised."""

    source_id: str
    skill_id: UUID
    label: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of an entry, and what of it was not taken and why."""

    place: str
    outcome: Outcome
    text: str
    notes: tuple[str, ...] = ()


@dataclass
class Known:
    """What the vocabulary holds of a chunk of entries: what the source said before, and whose names they are."""

    said: dict[str, Said] = field(default_factory=dict)
    skills: dict[UUID, VocabularySkill] = field(default_factory=dict)
    owners: dict[str, UUID] = field(default_factory=dict)

    def keep(self, skill: VocabularySkill) -> None:
        """The entry is now this."""
        self.skills[skill.skill_id] = skill
        self.owners |= dict.fromkeys(skill.names(), skill.skill_id)

    def overlaid(self, later: "Known") -> "Known":
        """This, with what was learnt later on top."""
        return Known(self.said | later.said, self.skills | later.skills, self.owners | later.owners)

    def take(self, later: "Known") -> None:
        """The same, kept here."""
        self.said |= later.said
        self.skills |= later.skills
        self.owners |= later.owners


class Import:
    """A chunk of entries applied in order to what is known. Afterwards the changes are read off it."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._before = dict(known.skills)
        self.changes = Known()

    def apply(self, entry: Entry) -> Result:
        """Add an entry, or what is new in it to the one that it is here."""
        said = self._known.said.get(entry.source_id)
        skill_id = said.skill_id if said else self._known.owners.get(normalised(entry.label))
        if skill_id is None:
            return self._add(entry)
        skill = self._known.skills[skill_id]
        if skill.retired or skill.merged_into:
            return Result(entry.place, "skipped", entry.label, ("it is not in use here",))
        return self._extend(entry, skill, said or Said(entry.source_id, skill_id, entry.label, frozenset()))

    def outgoing(self) -> list[Outgoing]:
        """Every changed entry as an event."""
        skills = self.changes.skills.values()
        return [skill.event("edited" if skill.skill_id in self._before else "created") for skill in skills]

    def audited(self) -> list[AuditEntry]:
        """What the audit log keeps: nobody who signed in did it, the service itself says so."""
        skills = [(skill, self._before.get(skill.skill_id)) for skill in self.changes.skills.values()]
        return [skill.audited(None, "edited" if before else "created", before) for skill, before in skills]

    def _add(self, entry: Entry) -> Result:
        skill = VocabularySkill(uuid4(), 0, entry.label, (), self._known.owners.get(normalised(entry.broader or "")))
        aliases, notes = self._free(skill, entry.aliases)
        if entry.broader and not skill.broader_id:
            notes.append(f"no skill is called {entry.broader}, which should be broader")
        self._keep(replace(skill, aliases=aliases))
        self._hear(Said(entry.source_id, skill.skill_id, entry.label, frozenset(self._named(skill.skill_id))))
        return Result(entry.place, "added", _listed(entry.label, aliases), tuple(notes))

    def _extend(self, entry: Entry, skill: VocabularySkill, said: Said) -> Result:
        """Take the names that the source did not say before, and its new label."""
        fresh = [name for name in entry.names() if normalised(name) not in said.names]
        aliases, notes = self._free(skill, fresh)
        changed = replace(skill, aliases=(*skill.aliases, *aliases))
        followed = skill.label == said.label
        if followed:
            changed = _relabelled(changed, entry.label)
        if changed != skill:
            self._keep(changed)
        own = self._named(skill.skill_id)
        label = said.label if followed and changed.label != entry.label else entry.label
        names = said.names | {name for name in map(normalised, entry.names()) if name in own}
        self._hear(replace(said, label=label, names=names))
        text = changed.label if changed.label == skill.label else f"{skill.label}, now {changed.label}"
        outcome: Outcome = "unchanged" if changed == skill else "changed"
        return Result(entry.place, outcome, _listed(text, aliases), tuple(notes))

    def _free(self, skill: VocabularySkill, names: Iterable[str]) -> tuple[tuple[str, ...], list[str]]:
        """Which of these names the skill can take as aliases, and why not the others."""
        taken: dict[str, str] = {}
        notes: list[str] = []
        for name in names:
            owner_id = self._known.owners.get(normalised(name))
            if normalised(name) in taken or owner_id == skill.skill_id or normalised(name) == normalised(skill.label):
                continue
            if owner_id:
                notes.append(f"{name} is a name of {self._known.skills[owner_id].label}")
            elif len(skill.aliases) + len(taken) == MAX_ALIASES:
                notes.append(f"{name} is one name too many")
            else:
                taken[normalised(name)] = name
        return tuple(taken.values()), notes

    def _named(self, skill_id: UUID) -> Iterable[str]:
        return self._known.skills[skill_id].names()

    def _keep(self, skill: VocabularySkill) -> None:
        before = self._before.get(skill.skill_id)
        skill = replace(skill, version=before.version + 1 if before else 1)
        self._known.keep(skill)
        self.changes.keep(skill)

    def _hear(self, said: Said) -> None:
        if self._known.said.get(said.source_id) != said:
            self._known.said[said.source_id] = self.changes.said[said.source_id] = said


def _relabelled(skill: VocabularySkill, label: str) -> VocabularySkill:
    """The skill under a label that is among its names already; the former label becomes an alias."""
    if label == skill.label or normalised(label) not in skill.names():
        return skill
    others = [name for name in (*skill.aliases, skill.label) if normalised(name) != normalised(label)]
    return replace(skill, label=label, aliases=tuple(others))


def _listed(label: str, aliases: Iterable[str]) -> str:
    return label + (f" ({', '.join(aliases)})" if aliases else "")
