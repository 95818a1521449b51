"""Whatever is sent, an API answers as its OpenAPI document says: no failure of its own, no other status, no other form.

Requests are made by Schemathesis from the document, by the rules or against them. Left to chance alone hardly one would
find its object, so that some are given what the stage knows to be there: ids, versions, parts of a body that succeeds.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contract.api.conftest import Stages
from tests.contract.api.stages import DOCUMENTS, OPERATIONS, Operation, Stage
from tests.contract.api.who_may import WHO_MAY

EXAMPLES = 15
LIMITS, LARGEST = ("maxItems", "maxLength"), 100
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TOO_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
"""Of no concern: how fast requests are made up says nothing about the service."""


@settings(
    max_examples=EXAMPLES,
    phases=[
        Phase.generate
    ],  # to make a failure smaller takes minutes; it is reproduced as it is, and has its curl line
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=TOO_SLOW,
)
@given(data=st.data())
@pytest.mark.parametrize(
    "operation", OPERATIONS.values(), ids=[f"{operation.service} {operation}" for operation in OPERATIONS.values()]
)
async def test_any_request_is_answered_as_described(operation: Operation, stages: Stages, data: st.DataObject) -> None:
    stage = await stages(operation.service)
    case = data.draw(_cases(operation))
    _aim(case, operation, stage, data)
    async with stage.rehearsal():
        answer = await _sent(case, operation, stage, data)
    case.validate_response(answer, checks=CHECKS)


@cache
def _document(service: str) -> Any:
    return schemathesis.openapi.from_dict(_small(DOCUMENTS[service]))


def _small(part: Any) -> Any:
    """Without high limits: what it takes to pass one of 10,000 items would take most of the time of all tests."""
    if isinstance(part, dict):
        return {name: _small(value) for name, value in part.items() if name not in LIMITS or value <= LARGEST}
    return [_small(value) for value in part] if isinstance(part, list) else part


@cache
def _cases(operation: Operation) -> Any:
    described = _document(operation.service)[operation.path][operation.verb.upper()]
    by_the_rules, against_them = (described.as_strategy(generation_mode=mode) for mode in GenerationMode)
    return by_the_rules | against_them


def _aim(case: Any, operation: Operation, stage: Stage, data: st.DataObject) -> None:
    """Give a case some of what the stage knows to be there."""
    if data.draw(st.booleans(), "with objects that are there"):
        case.path_parameters = {name: str(stage.value(operation, name)) for name in operation.names}
        case.query = dict(case.query or {}) | stage.query(operation)
    good = stage.bodies.get(operation.id)
    if isinstance(good, bytes) and data.draw(st.booleans(), "with a body that is good"):
        case.body = good
    if isinstance(good, Mapping) and isinstance(case.body, dict):
        taken = data.draw(st.sets(st.sampled_from(sorted(good)))) if good else ()
        case.body = case.body | {name: good[name] for name in taken}


async def _sent(case: Any, operation: Operation, stage: Stage, data: st.DataObject) -> Any:
    """The answer to a caller who may call this."""
    callers = [entry for entry in WHO_MAY[operation.service][str(operation)].split() if ":" not in entry]
    caller = data.draw(st.sampled_from(callers), "as")
    request = case.as_transport_kwargs(base_url="http://service")
    del request["cookies"]
    request["content"] = request.pop("data", None)
    request["headers"] = {name: value.encode("latin-1") for name, value in request["headers"].items()}
    if operation.needs_version and data.draw(st.booleans(), "with the present version"):
        request["headers"]["If-Match"] = await stage.tag(operation, caller, case.path_parameters)
    made = stage.api.client.build_request(**request)
    made.headers.update(stage.callers[caller](made.content))
    return await stage.api.client.send(made)
