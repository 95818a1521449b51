"""What is answered about skills that are suggested to somebody."""

from uuid import UUID

from chassis.http import Answer

from profile_service.model import FoundIn


class SuggestionItem(Answer):
    """A skill that the caller's job title or experience hints at."""

    skill_id: UUID
    label: str
    found_in: list[FoundIn]


class Suggestions(Answer):
    """Skills by name; nobody else knows of them."""

    items: list[SuggestionItem]
