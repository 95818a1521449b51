"""What every event model shares on both sides of the wire: frozen values, closed when made, open when read."""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

ShortText = Annotated[str, Field(min_length=1, max_length=200)]
_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", "[A-Za-z0-9-]+"
EmailAddress = Annotated[str, Field(max_length=254, pattern=rf"^{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*$")]
"""Of the plain form that every mail server takes; a domain in another script in its ASCII form."""
LongText = Annotated[str, Field(max_length=4000)]
SkillLevel = Annotated[int, Field(ge=1, le=5)]
Role = Literal["learner", "mentor"]


class Value(BaseModel):
    """An immutable part of an event. Making one with an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Event(Value):
    """A fact that happened, named in the past tense, with the version of its payload in the type.

    `TYPE` is the CloudEvents type, `TOPIC` where it travels, `KEY` the field that holds the
    aggregate id: it becomes the record key and the CloudEvents subject.
    """

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]
    KEY: ClassVar[str]

    @property
    def aggregate_id(self) -> UUID:
        """The id of the aggregate that changed."""
        key: UUID = getattr(self, self.KEY)
        return key

    @classmethod
    def read(cls, payload: bytes) -> Self:
        """Read a payload that a newer producer may have extended.

        Raises pydantic.ValidationError when a known field is missing or wrong.
        """
        return cls.model_validate_json(payload, extra="ignore")
