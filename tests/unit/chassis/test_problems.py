"""Every refusal is a problem document: what is wrong, where, what to do; nothing about the inside."""

from typing import Annotated, Any
from uuid import UUID

import asyncpg
import pytest
from chassis import problems
from chassis.database import Database
from chassis.http import IdempotencyKey, Strict
from chassis.problems import Problem
from chassis.runtime import Service, create_api
from chassis.settings import Settings
from fastapi import APIRouter, FastAPI, Query
from hypothesis import given
from hypothesis import strategies as st

from tests.support.apis import offline_settings
from tests.support.asgi import client_of

INSIDE = "secret-column of /srv/app.py"
REFUSALS = [kind for kind in vars(problems).values() if isinstance(kind, type) and issubclass(kind, Problem)]
OF_THE_MOMENT = [
    OSError(INSIDE),
    TimeoutError(INSIDE),
    asyncpg.InterfaceError(INSIDE),
    asyncpg.InternalClientError(INSIDE),
    asyncpg.ConnectionDoesNotExistError(INSIDE),
    asyncpg.LockNotAvailableError(INSIDE),
    asyncpg.QueryCanceledError(INSIDE),
    asyncpg.DeadlockDetectedError(INSIDE),
    asyncpg.SerializationError(INSIDE),
    asyncpg.TooManyConnectionsError(INSIDE),
    asyncpg.AdminShutdownError(INSIDE),
    asyncpg.ReadOnlySQLTransactionError(INSIDE),
]
OURS = [
    ValueError(INSIDE),
    KeyError(INSIDE),
    asyncpg.UniqueViolationError(INSIDE),
    asyncpg.UndefinedColumnError(INSIDE),
    asyncpg.exceptions._base.DataError(INSIDE),
]


class Skill(Strict):
    skill_id: UUID
    level: int


class Profile(Strict):
    skills: tuple[Skill, ...]


def app(error: Exception | None = None) -> FastAPI:
    router = APIRouter()

    @router.post("/profile")
    async def post(body: Profile, limit: Annotated[int, Query(le=50)] = 20, key: IdempotencyKey = None) -> int:
        return limit

    @router.get("/error")
    async def fail() -> None:
        assert error
        raise error

    settings = Settings(**offline_settings("postgresql://nowhere"))
    return create_api(Service("test", settings, Database(settings), [router]))


async def ask(error: Exception) -> Any:
    async with client_of(app(error)) as client:
        return await client.get("/error", headers={"X-Request-Id": "request-4711"})


def assert_problem(answer: Any, status: int) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"]
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == f"urn:request:{answer.headers['x-request-id']}"
    return problem


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
async def test_each_refusal_says_what_to_do(kind: type[Problem]) -> None:
    problem = assert_problem(await ask(kind()), kind.status)
    assert problem["title"] == kind.title
    assert problem["detail"] == " ".join(str(kind.__doc__).split())
    assert problem["instance"] == "urn:request:request-4711"


async def test_a_refusal_names_the_field_that_is_wrong() -> None:
    problem = assert_problem(await ask(problems.Conflict("Too late.", field="starts_at")), 409)
    assert problem["detail"] == "Too late."
    assert problem["errors"] == [{"field": "starts_at", "detail": "Too late."}]


@pytest.mark.parametrize("error", OF_THE_MOMENT, ids=lambda error: type(error).__name__)
async def test_a_failure_of_the_moment_asks_to_come_back(error: Exception) -> None:
    answer = await ask(error)
    assert_problem(answer, 503)
    assert answer.headers["retry-after"] == "2"
    assert INSIDE not in answer.text


@pytest.mark.parametrize("error", OURS, ids=lambda error: type(error).__name__)
async def test_an_error_of_ours_says_so_and_nothing_of_the_inside(error: Exception) -> None:
    answer = await ask(error)
    problem = assert_problem(answer, 500)
    assert problem["title"] == "Something went wrong on our side"
    assert INSIDE not in answer.text
    assert type(error).__name__ not in answer.text


async def test_text_that_cannot_be_stored_is_the_callers_to_mend() -> None:
    assert_problem(await ask(asyncpg.CharacterNotInRepertoireError(INSIDE)), 422)


GOOD = {"skill_id": "0190a0a0-0000-7000-8000-000000000001", "level": 3}


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"json": {"skills": [GOOD, GOOD, {**GOOD, "skill_id": "x"}]}}, ["skills[2].skill_id"]),
        ({"json": {"skills": [{}]}}, ["skills[0].skill_id", "skills[0].level"]),
        ({"json": {"skills": [], "admin": True}}, ["admin"]),
        ({"json": {"skills": []}, "params": {"limit": 51}}, ["limit"]),
        ({"json": {"skills": []}, "headers": {"Idempotency-Key": "short"}}, ["Idempotency-Key"]),
        ({}, ["body"]),
    ],
    ids=str,
)
async def test_a_request_that_is_not_valid_names_each_field_as_people_write_it(
    sent: dict[str, Any], fields: list[str]
) -> None:
    async with client_of(app()) as client:
        problem = assert_problem(await client.post("/profile", **sent), 422)
    assert [error["field"] for error in problem["errors"]] == fields
    assert problem["detail"].startswith(f"{fields[0]}: ")


@pytest.mark.parametrize(
    "body", [b'{"skills": [', b'{"skills": "\xff"}', b"\x00\xd8"], ids=["cut off", "no UTF-8", "UTF-16"]
)
async def test_a_body_that_cannot_be_read_is_refused(body: bytes) -> None:
    async with client_of(app()) as client:
        problem = assert_problem(await client.post("/profile", content=body), 422)
    assert problem["errors"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/profile", 405)])
async def test_what_no_route_takes_is_a_problem_too(method: str, path: str, status: int) -> None:
    async with client_of(app()) as client:
        assert_problem(await client.request(method, path), status)


@given(st.lists(st.text("abc_", min_size=1) | st.integers(0, 99), max_size=6))
def test_a_field_name_reads_back_to_its_place(location: list[str | int]) -> None:
    name = problems.field_name(("body", *location))
    assert not name.startswith(".")
    read_back = name.replace("[", ".#").replace("]", "").strip(".").split(".") if location else []
    assert [part.lstrip("#") for part in read_back] == [str(part) for part in location]
