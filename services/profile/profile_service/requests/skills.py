"""Step 1 of the write path: bodies that the vocabulary's editors send."""

from uuid import UUID

from chassis.http import Strict
from flash_schemas.base import ShortText

from profile_service.requests.people import Texts


class SkillEdit(Strict):
    """An entry of the vocabulary, whole."""

    label: ShortText
    aliases: Texts = ()
    broader_id: UUID | None = None
    retired: bool = False
    merged_into: UUID | None = None
