"""Steps 1 of the write path and of the read path: people's photos."""

from typing import Annotated, Any, cast
from uuid import UUID

from chassis.database import Transaction
from chassis.http import DatabaseDep, etag
from chassis.problems import NotFound, documented
from fastapi import APIRouter, Header, Request, Response

from profile_service import commands, model, store
from profile_service.answers import PhotoAnswer
from profile_service.api.common import ROUTES, Employee, existing, today
from profile_service.images import CONTENT_TYPE
from profile_service.model import Person
from profile_service.photos import PhotoReader

router = APIRouter(**ROUTES)

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=1000)]
BINARY = {"schema": {"type": "string", "format": "binary"}}
UPLOAD = {"required": True, "content": dict.fromkeys(("image/jpeg", "image/png", "image/webp"), BINARY)}
SHOWN: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {"description": "The photo", "content": {CONTENT_TYPE: BINARY}},
        304: {"description": "The photo is still the one with this ETag"},
        **documented(404),
    },
}


@router.put("/me/photo", tags=["me"], responses=documented(404, 413), openapi_extra={"requestBody": UPLOAD})
async def put_own_photo(request: Request, caller: Employee, database: DatabaseDep, response: Response) -> PhotoAnswer:
    """Set the caller's photo: a JPEG, PNG or WebP of at most 5 MiB; what is kept has at most 512 x 512 pixels."""
    body = await cast("PhotoReader", request.app.state.photo_reader).read(request)
    answer = PhotoAnswer.model_validate(await commands.put_photo(database, caller.person, body, today()))
    response.headers["ETag"] = etag(answer.photo_version)
    return answer


@router.get("/me/photo", tags=["me"], **SHOWN)
async def read_own_photo(caller: Employee, database: DatabaseDep, if_none_match: IfNoneMatch = None) -> Response:
    """The caller's photo."""
    async with database.connection() as connection:
        return await _shown(connection, existing(await store.person(connection, caller.person)), if_none_match)


@router.delete("/me/photo", tags=["me"], status_code=204, responses=documented(404))
async def delete_own_photo(caller: Employee, database: DatabaseDep) -> None:
    """Remove the caller's photo."""
    await commands.delete_photo(database, caller.person, today())


@router.get("/people/{person_id}/photo", tags=["people"], **SHOWN)
async def read_photo(
    person_id: UUID, caller: Employee, database: DatabaseDep, if_none_match: IfNoneMatch = None
) -> Response:
    """The photo of a colleague who shows it to the caller."""
    async with database.connection() as connection:
        person = existing(await store.person(connection, person_id))
        viewer = existing(await store.person(connection, caller.person))
        if "photo" not in (model.shown_fields(person, viewer, await store.programs(connection)) or ()):
            raise NotFound
        return await _shown(connection, person, if_none_match)


async def _shown(connection: Transaction, person: Person, if_none_match: str | None) -> Response:
    """The photo, to be asked for again each time: it may be replaced or hidden at any moment."""
    rules = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
    version = existing(person.photo_version)
    if etag(version) in _tags(if_none_match):
        return Response(status_code=304, headers={**rules, "ETag": etag(version)})
    photo = existing(await store.photo(connection, person.person_id))
    return Response(photo.body, media_type=photo.content_type, headers={**rules, "ETag": etag(photo.version)})


def _tags(if_none_match: str | None) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
