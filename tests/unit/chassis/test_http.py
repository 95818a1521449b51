"""What every API shares: cursors that nobody can bend, entity tags, request ids and traces."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from math import isfinite
from typing import Any
from uuid import UUID

import orjson
import pytest
from chassis import trace
from chassis.database import Database
from chassis.http import Cursor, IfMatch, Strict, etag
from chassis.problems import Refused
from chassis.runtime import Service, create_api
from chassis.settings import Settings
from fastapi import APIRouter, FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.support.apis import offline_settings
from tests.support.asgi import client_of

INT64 = st.integers(-(2**63), 2**63 - 1)
TIMES = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001 - as above
    timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))),
)
VALUES: dict[type, Any] = {
    str: st.text(),
    int: INT64,
    float: st.floats(allow_nan=False, allow_infinity=False),
    UUID: st.uuids(),
    datetime: TIMES,
}
KINDS = st.sampled_from(list(VALUES))
SORT_VALUES = st.lists(KINDS.flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])), min_size=1, max_size=4)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | TIMES.map(str),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(SORT_VALUES)
def test_a_cursor_gives_back_the_sort_values_it_was_made_of(pairs: list[tuple[type, Any]]) -> None:
    cursor = Cursor.encode(*(value.isoformat() if kind is datetime else value for kind, value in pairs))
    assert Cursor.decode(cursor, *(kind for kind, _ in pairs)) == [value for _, value in pairs]
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")


def test_no_cursor_means_the_first_page() -> None:
    assert Cursor.decode(None, str, UUID) is None


def storable(kind: type, value: Any) -> bool:
    """Whether any of our stores takes it."""
    if kind is int:
        return bool(-(2**63) <= value < 2**63)
    if kind is float:
        return bool(isfinite(value))
    return kind is not datetime or bool(value.tzinfo)


def assert_refused_or_storable(cursor: str, kinds: list[type]) -> None:
    refusal, values = None, []
    try:
        values = Cursor.decode(cursor, *kinds) or []
    except Refused as refused:
        refusal = refused
    if refusal:
        assert (refusal.status, refusal.extras["errors"][0]["field"]) == (422, "cursor")
        return
    assert [isinstance(value, kind) for kind, value in zip(kinds, values, strict=True)] == [True] * len(kinds)
    assert all(storable(kind, value) for kind, value in zip(kinds, values, strict=True))


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()), st.lists(KINDS, max_size=3))
def test_a_forged_cursor_is_refused_by_name(cursor: str, kinds: list[type]) -> None:
    assert_refused_or_storable(cursor, kinds)


@given(ANY_JSON, st.lists(ANY_JSON, max_size=4), st.lists(KINDS, max_size=3))
def test_a_cursor_with_values_that_are_not_ours_is_refused_by_name(
    version: Any, values: list[Any], kinds: list[type]
) -> None:
    for content in ([version, *values], [1, *values], version):
        cursor = base64.urlsafe_b64encode(orjson.dumps(content, default=str)).decode()
        assert_refused_or_storable(cursor, kinds)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (2**63, int),
        ("7", int),
        (1.5, int),
        ("nan", float),
        (None, str),
        (7, str),
        ("x", UUID),
        ("2026-13-01", datetime),
        ("0001-01-01T00:00:00+14:00", datetime),
    ],
)
def test_a_value_of_another_kind_is_refused(value: Any, kind: type) -> None:
    with pytest.raises(Refused):
        Cursor.decode(Cursor.encode(value), kind)


def test_a_cursor_of_another_list_or_an_older_version_is_refused() -> None:
    cursor = Cursor.encode("a", 7)
    older = base64.urlsafe_b64encode(orjson.dumps([0, "a", 7])).decode()
    for wrong, kinds in ((cursor, [str]), (cursor, [str, int, int]), (older, [str, int])):
        with pytest.raises(Refused):
            Cursor.decode(wrong, *kinds)


def app() -> FastAPI:
    router = APIRouter()

    @router.put("/thing")
    async def put(version: IfMatch) -> int:
        return version

    @router.get("/trace")
    async def cause() -> list[str | None]:
        return [trace.current().trace_id, trace.current().causation_id]

    settings = Settings(**offline_settings("postgresql://nowhere"))
    return create_api(Service("test", settings, Database(settings), [router]))


async def test_a_change_names_the_version_it_changes() -> None:
    async with client_of(app()) as client:
        assert (await client.put("/thing", headers={"If-Match": etag(7)})).json() == 7
        missing = await client.put("/thing")
    assert missing.status_code == 428
    assert missing.json()["errors"][0]["field"] == "If-Match"


@pytest.mark.parametrize("given", ["7", "*", 'W/"7"', '"7", "8"', '"-1"', '""', '"x"', '"1' + "0" * 30 + '"'])
async def test_anything_but_one_of_our_entity_tags_is_refused_by_name(given: str) -> None:
    async with client_of(app()) as client:
        answer = await client.put("/thing", headers={"If-Match": given})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "If-Match"


async def test_a_request_keeps_the_id_and_the_trace_it_came_with() -> None:
    trace_id, request_id = "a" * 32, "4711-abcd"
    sent = {"X-Request-Id": request_id, "traceparent": f"00-{trace_id}-{'b' * 16}-01"}
    async with client_of(app()) as client:
        answer = await client.get("/trace", headers=sent)
    assert answer.headers.get_list("x-request-id") == [request_id]
    assert answer.json() == [trace_id, request_id]


@pytest.mark.parametrize("given", [{}, {"X-Request-Id": "short"}, {"X-Request-Id": "<script>alert(1)</script>"}])
async def test_a_request_without_a_usable_id_gets_one(given: dict[str, str]) -> None:
    async with client_of(app()) as client:
        first, second = [(await client.get("/trace", headers=given)).headers["x-request-id"] for _ in range(2)]
    assert UUID(first) != UUID(second)


async def test_a_malformed_trace_is_replaced_by_a_new_one() -> None:
    async with client_of(app()) as client:
        answers = [(await client.get("/trace", headers={"traceparent": "00-zz-01"})).json()[0] for _ in range(2)]
    assert len({len(answers[0]), len(answers[1])}) == 1
    assert len(set(answers)) == 2


def test_a_trace_ends_with_the_work_it_belongs_to() -> None:
    with trace.continued(f"00-{'a' * 32}-{'b' * 16}-01", "cause") as outer:
        with trace.continued(None):
            assert trace.current_id() != outer.trace_id
        assert trace.current() == outer
        assert trace.trace_id_of(outer.traceparent) == outer.trace_id
        assert len({outer.traceparent for _ in range(3)}) == 3, "a span of its own for each event"
    assert trace.current_id() is None


class Edit(Strict):
    name: str
    tags: tuple[str, ...] = ()


@pytest.mark.parametrize("body", [{"name": "x", "admin": True}, {"name": "a\0b"}, {"name": "x", "tags": ["\0"]}])
def test_a_body_with_unknown_fields_or_text_that_cannot_be_stored_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Edit.model_validate(body)


def test_a_time_sorts_the_same_after_the_round_trip() -> None:
    at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    assert Cursor.decode(Cursor.encode(at.isoformat()), datetime) == [at]
