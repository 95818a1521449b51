"""The committed descriptions of HTTP and events are what the code does, and hold together."""

import json
import re
from typing import Any

import pytest
from flash_local.home import CHECKOUT
from flash_local.services import SERVICES, Service
from flash_schemas import asyncapi
from flash_schemas.topics import load_topics

from tests.support import published

PROVEN_BY_THEIR_ADDRESS = ("/api/v1/one-tap/", "/api/v1/notices/unsubscribe/")
each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


@each_service
def test_the_committed_openapi_is_that_of_the_code(service: Service) -> None:
    committed = published.file(service).read_text(encoding="utf-8")
    assert committed == published.text(service), "run `make api-docs` and look at the difference"


@each_service
def test_every_route_is_versioned_guarded_and_says_what_it_refuses(service: Service) -> None:
    for path, operations in published.openapi(service)["paths"].items():
        assert path.startswith("/api/v1/")
        for method, operation in operations.items():
            refusals = {"422", "503"}
            if not path.startswith(PROVEN_BY_THEIR_ADDRESS):
                assert operation["security"], f"{method} {path} needs no token"
                refusals |= {"401", "403"}
            assert refusals <= set(operation["responses"]), f"{method} {path}"
            assert operation["description"]


@each_service
def test_every_reference_leads_somewhere(service: Service) -> None:
    document = published.openapi(service)
    for reference in set(_references(document)):
        part: Any = document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def test_every_route_is_reachable_through_the_gateway() -> None:
    """Each path matches a route of the template, and the first that does leads to its service."""
    template = (CHECKOUT / "deploy/gateway/envoy.yaml.j2").read_text(encoding="utf-8")
    routes = re.findall(r"match: \{(path|path_separated_prefix|safe_regex): (?:\{regex: )?\"?([^\s\"}]+)", template)
    for service in SERVICES:
        for path in published.openapi(service)["paths"]:
            concrete = re.sub(r"\{[^}]+\}", "0b6f1f9e", path)
            assert any(_matches(kind, pattern, concrete) for kind, pattern in routes), path


def test_the_committed_asyncapi_is_that_of_the_code() -> None:
    assert asyncapi.FILE.read_text(encoding="utf-8") == asyncapi.text(), (
        "run `make api-docs` and look at the difference"
    )


def test_every_topic_and_event_is_in_the_asyncapi() -> None:
    document = json.loads(asyncapi.FILE.read_text(encoding="utf-8"))
    assert set(document["channels"]) == {topic.name for topic in load_topics()}
    named = {type_ for channel in document["channels"].values() for type_ in channel["messages"]}
    assert named == set(document["components"]["messages"])


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [reference for value in part.values() for reference in _references(value)]
    return [reference for value in part for reference in _references(value)] if isinstance(part, list) else []


def _matches(kind: str, pattern: str, path: str) -> bool:
    if kind == "path":
        return path == pattern
    if kind == "safe_regex":
        return re.fullmatch(pattern, path) is not None
    return path == pattern or path.startswith(f"{pattern}/")
