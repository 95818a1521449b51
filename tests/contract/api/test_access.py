"""Whoever may do something is answered, everybody else is refused: each verb of each route, by each caller.

What is tried follows from the committed OpenAPI documents, what is expected from the table in `who_may.py`.
"""

from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from tests.contract.api.conftest import Stages
from tests.contract.api.stages import OPERATIONS, PROGRAMS, VERBS, Operation, Stage
from tests.contract.api.who_may import WHO_MAY, expected

SCIM = {"/scim/v2", "/scim/v2/{path:path}"}
each_service = pytest.mark.parametrize("service", WHO_MAY)
each_operation = pytest.mark.parametrize(
    ("stage", "operation"),
    [(operation.service, operation) for operation in OPERATIONS.values()],
    indirect=["stage"],
    ids=[f"{operation.service} {operation}" for operation in OPERATIONS.values()],
)


def test_the_table_has_a_line_for_every_operation_and_no_other() -> None:
    described = {(operation.service, str(operation)) for operation in OPERATIONS.values()}
    assert {(service, line) for service, lines in WHO_MAY.items() for line in lines} == described


@each_operation
async def test_who_may_is_answered_and_everybody_else_is_refused(stage: Stage, operation: Operation) -> None:
    wrong = []
    for caller in stage.callers:
        async with stage.rehearsal():
            answer = await stage.call(operation, caller)
        known = str(answer.status_code) in operation.described["responses"]
        if not (known and expected(operation.service, str(operation), caller)(answer.status_code)):
            wrong.append(f"{caller}: {answer.status_code} {answer.text[:300]}")
    assert not wrong, "\n".join(wrong)


@each_operation
async def test_what_is_not_there_is_found_by_nobody(stage: Stage, operation: Operation) -> None:
    for caller in stage.callers if operation.links else ():
        async with stage.rehearsal():
            answer = await stage.call(operation, caller, **{name: uuid4() for name in operation.links})
        assert 400 <= answer.status_code < 500, f"{caller}: {answer.status_code} {answer.text[:300]}"


@each_service
async def test_every_caller_of_the_table_is_tried(service: str, stages: Stages) -> None:
    named = {entry.partition(":")[0] for line in WHO_MAY[service].values() for entry in line.split()}
    assert named | {"nobody", "no_role", *PROGRAMS} == (await stages(service)).callers.keys()


@each_service
async def test_nothing_but_scim_is_served_without_being_described(service: str, stages: Stages) -> None:
    routers = (await stages(service)).api.service.routers
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    served = {(service, verb.lower(), route.path) for route in routes for verb in route.methods or ()}
    scim = {(service, verb, path) for verb in VERBS for path in SCIM if service == "profile"}
    assert served == {key for key in OPERATIONS if key[0] == service} | scim


@pytest.mark.parametrize("path", ["", "/Users", "/Users/1", "/Groups", "/Bulk", "/Schemas", "/Me", "/.search"])
async def test_scim_takes_no_token_of_the_platform(path: str, stages: Stages) -> None:
    stage = await stages("profile")
    stage.sign_in("everything", "employee", "program_owner", *PROGRAMS, person_id=uuid4())
    for headers in (stage.callers["nobody"], stage.callers.pop("everything")):
        for verb in VERBS:
            answer = await stage.api.client.request(verb.upper(), f"/scim/v2{path}", headers=headers(b""))
            assert answer.status_code == 401, verb
