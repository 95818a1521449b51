"""Step 1 of the write path: bodies that the HR platform sends, in either of two forms."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from chassis.http import Strict
from chassis.problems import Refused
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError

from profile_service import hr

MAX_EVENTS = 10_000
CLOUD_EVENTS = "application/cloudevents-batch+json"


class OrgEvents(Strict):
    """A push of the HR platform: events in the order in which they happened; each is judged by itself."""

    events: Annotated[list[Any], Field(min_length=1, max_length=MAX_EVENTS)]


PUSH_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": OrgEvents.model_json_schema()},
            CLOUD_EVENTS: {
                "schema": {
                    "type": "array",
                    "items": {},
                    "minItems": 1,
                    "maxItems": MAX_EVENTS,
                    "title": "CloudEvents",
                    "description": "CloudEvents 1.0 in structured mode; each is judged by itself.",
                }
            },
        },
    }
}
"""For OpenAPI: read by hand, because a signature is over the bytes as they came."""


async def pushed_events(request: Request) -> Sequence[hr.AnyHrEvent | hr.Result]:
    """The events of a push, each parsed or refused. Raises RequestValidationError, Refused."""
    as_cloud_events = request.headers.get("content-type", "").split(";")[0].strip().lower() == CLOUD_EVENTS
    raw, now = _events(await _json(request), as_cloud_events), datetime.now(UTC)
    parse = hr.parse_cloud_event if as_cloud_events else hr.parse
    parsed = [parse(each, now) for each in raw]
    listed = sum(len(each.units) + len(each.people) for each in parsed if isinstance(each, hr.SnapshotPart))
    if listed > MAX_EVENTS:
        raise Refused(f"Snapshots list at most {MAX_EVENTS} units and people a call; send parts.", field="events")
    return parsed


async def _json(request: Request) -> Any:
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        fault = {"loc": ("body",), "msg": "this is not JSON", "type": "json_invalid"}
        raise RequestValidationError([fault]) from None


def _events(body: Any, as_cloud_events: bool) -> list[Any]:
    try:
        return OrgEvents.model_validate({"events": body} if as_cloud_events else body).events
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from None
