"""What the search service says: that a search was made and what it could offer, never its words."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from flash_schemas.base import Event


class SearchPerformedV1(Event):
    """A learner searched a program. `query_hash` is keyed; `shown` lists people in their order on the page."""

    TYPE: ClassVar = "flash.search.performed.v1"
    TOPIC: ClassVar = "search-events"
    KEY: ClassVar = "searcher_id"

    search_id: UUID
    searcher_id: UUID
    program_id: UUID
    skill_ids: tuple[UUID, ...] = ()
    filters: tuple[str, ...] = ()
    query_hash: str | None = None
    matching: Annotated[int, Field(ge=0)]
    available: Annotated[int, Field(ge=0)]
    shown: tuple[UUID, ...] = ()
