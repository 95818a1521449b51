"""Step 1 of the write path: bodies that the vocabulary's editors send."""

from typing import Annotated
from uuid import UUID

from chassis.http import Strict
from flash_schemas.base import ShortText
from pydantic import Field

from profile_service.model import MAX_ALIASES


class SkillEdit(Strict):
    """An entry of the vocabulary, whole."""

    label: ShortText
    aliases: Annotated[tuple[ShortText, ...], Field(max_length=MAX_ALIASES)] = ()
    broader_id: UUID | None = None
    retired: bool = False
    merged_into: UUID | None = None
