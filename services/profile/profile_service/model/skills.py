"""The rules of the skill vocabulary. Step 3 of the write path: pure."""

import unicodedata
from dataclasses import asdict, dataclass, replace
from typing import Literal
from uuid import UUID

from chassis.auth import Caller
from chassis.outbox import Outgoing
from chassis.problems import Conflict, Refused
from flash_schemas.profile import (
    SkillChangedV1,
)

from profile_service.model.audit import AuditEntry

MAX_ALIASES = 200
"""How many names beside its label an entry may have: merges add up."""


def normalised(name: str) -> str:
    """How skill names are compared: case, width and runs of blanks do not matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


@dataclass(frozen=True, slots=True)
class VocabularySkill:
    """An entry of the skill vocabulary; a merged one names the entry that replaces it, and is retired."""

    skill_id: UUID
    version: int
    label: str
    aliases: tuple[str, ...] = ()
    broader_id: UUID | None = None
    retired: bool = False
    merged_into: UUID | None = None

    def names(self) -> dict[str, str]:
        """Every normalised name with the field it stands in. Raises Refused when one stands there twice.

        A merged entry has none: its names are those of the entry that replaces it.
        """
        return {} if self.merged_into else self.names_said()

    def names_said(self) -> dict[str, str]:
        """The same of any entry, merged or not. Raises Refused."""
        fields = {"label": self.label, **{f"aliases[{i}]": alias for i, alias in enumerate(self.aliases)}}
        names: dict[str, str] = {}
        for field_name, text in fields.items():
            if normalised(text) in names:
                raise Refused("This name stands here twice.", field=field_name)
            names[normalised(text)] = field_name
        return names

    def audited(self, caller: Caller | None, change: str, before: "VocabularySkill | None") -> AuditEntry:
        """What the audit log keeps of this change."""
        states = (asdict(before) if before else None, asdict(self))
        return AuditEntry.by(caller, f"skill.{change}", ("skill", self.skill_id), *states)

    def check_editable(self) -> None:
        """Raise Conflict for an entry that another has replaced: its names and claims are there."""
        if self.merged_into:
            raise Conflict(f"It is merged: change the skill {self.merged_into} that replaces it.", field="merged_into")

    def next(self, **changes: object) -> "VocabularySkill":
        """The entry after a change."""
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type] # fields by name

    def event(self, change: Literal["created", "edited"]) -> Outgoing:
        """The whole entry as the event that tells of a change; an edit may have merged or retired it."""
        edit = "merged" if self.merged_into else "retired" if self.retired else "edited"
        became = change if change == "created" else edit
        values = {name: getattr(self, name) for name in SkillChangedV1.model_fields if name != "change"}
        return Outgoing(SkillChangedV1.model_validate({**values, "change": became}), self.version)
