"""What is answered about the skill vocabulary."""

from uuid import UUID

from chassis.http import Answer, Page


class SkillAnswer(Answer):
    """An entry of the vocabulary."""

    skill_id: UUID
    version: int
    label: str
    aliases: tuple[str, ...]
    broader_id: UUID | None
    retired: bool
    merged_into: UUID | None


class SkillPage(Page):
    """Skills, those that fit best first."""

    items: list[SkillAnswer]
