"""The rules of the skill vocabulary. Step 3 of the write path: pure."""

import unicodedata
from dataclasses import asdict, dataclass
from uuid import UUID

from chassis.auth import Caller
from chassis.outbox import Outgoing
from chassis.problems import Refused
from flash_schemas.profile import (
    SkillChangedV1,
)

from profile_service.model.audit import AuditEntry


def normalised(name: str) -> str:
    """How skill names are compared: case, width and runs of blanks do not matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


@dataclass(frozen=True, slots=True)
class VocabularySkill:
    """An entry of the skill vocabulary; a merged one names the entry that replaces it."""

    skill_id: UUID
    version: int
    label: str
    aliases: tuple[str, ...] = ()
    broader_id: UUID | None = None
    retired: bool = False
    merged_into: UUID | None = None

    def names(self) -> dict[str, str]:
        """Every normalised name with the field it stands in. Raises Refused when one stands there twice."""
        fields = {"label": self.label, **{f"aliases[{i}]": alias for i, alias in enumerate(self.aliases)}}
        names: dict[str, str] = {}
        for field_name, text in fields.items():
            if normalised(text) in names:
                raise Refused("This name stands here twice.", field=field_name)
            names[normalised(text)] = field_name
        return names

    def audited(self, caller: Caller, change: str, before: "VocabularySkill | None") -> AuditEntry:
        """What the audit log keeps of this change."""
        states = (asdict(before) if before else None, asdict(self))
        return AuditEntry.by(caller, f"skill.{change}", ("skill", self.skill_id), *states)

    def event(self, change: str) -> Outgoing:
        """The whole entry as the event that tells of this change."""
        values = {name: getattr(self, name) for name in SkillChangedV1.model_fields if name != "change"}
        return Outgoing(SkillChangedV1.model_validate({**values, "change": change}), self.version)
