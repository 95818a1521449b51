"""What is said about forgetting a person: that it was asked for, and what each service did."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from flash_schemas.base import Event, ShortText

ErasureReason = Literal["own_request", "request_by_other_means", "no_longer_needed", "legal_obligation"]


class ErasureRequestedV1(Event):
    """A person is to be forgotten everywhere.

    `profile_version` is the first version of the profile that says nothing any more: nobody takes an older one.
    """

    TYPE: ClassVar = "flash.erasure.requested.v1"
    TOPIC: ClassVar = "erasure-events"
    KEY: ClassVar = "person_id"

    person_id: UUID
    reason: ErasureReason
    profile_version: Annotated[int, Field(ge=1)]


class ErasureConfirmedV1(Event):
    """A service has forgotten a person: what it emptied or removed in its database, index, files and dead letters."""

    TYPE: ClassVar = "flash.erasure.confirmed.v1"
    TOPIC: ClassVar = "erasure-events"
    KEY: ClassVar = "person_id"

    person_id: UUID
    service: ShortText
    rows: Annotated[int, Field(ge=0)]
    documents: Annotated[int, Field(ge=0)] = 0
    objects: Annotated[int, Field(ge=0)] = 0
    dead_letters: Annotated[int, Field(ge=0)] = 0
