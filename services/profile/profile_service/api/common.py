"""What the routes of the profile service share: who may call, positions in lists, answers with a tag."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from chassis.auth import Caller, allow
from chassis.http import etag
from chassis.problems import NotFound, documented
from fastapi import Depends, Query, Response

from profile_service.answers import (
    OwnProfile,
    ProgramAnswer,
    SkillAnswer,
)
from profile_service.model import Person

ROUTES: dict[str, Any] = {"prefix": "/api/v1", "responses": documented(401, 403, 422, 503)}
HR_PLATFORM_ONLY = [Depends(allow("hr_platform"))]
READERS = [Depends(allow("employee", "program_owner", "operator"))]
SKILL_READERS = [Depends(allow("employee", "program_owner", "operator", "skill_editor"))]
Employee = Annotated[Caller, Depends(allow("employee"))]
Owner = Annotated[Caller, Depends(allow("program_owner"))]
OwnerOrOperator = Annotated[Caller, Depends(allow("program_owner", "operator"))]
Editor = Annotated[Caller, Depends(allow("program_owner", "operator", "skill_editor"))]
Limit = Annotated[int, Query(ge=1, le=100)]
Position = Annotated[str | None, Query(max_length=500)]
NamePart = Annotated[str, Query(max_length=200)]
T = TypeVar("T")
TaggedT = TypeVar("TaggedT", OwnProfile, ProgramAnswer, SkillAnswer)


def today() -> date:
    """The day as of UTC, by which claims are dated."""
    return datetime.now(UTC).date()


def existing(value: T | None) -> T:
    if value is None:
        raise NotFound
    return value


def remembered(person: Person | None) -> Person:
    """Somebody of whom more is kept than that they were forgotten. Raises NotFound."""
    if person is None or person.erased:
        raise NotFound
    return person


def tagged(answer: TaggedT, response: Response) -> TaggedT:
    response.headers["ETag"] = etag(answer.version)
    return answer
