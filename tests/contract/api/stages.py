"""A service as the tests of its API find it: with objects to ask for, and callers who stand to them in every way."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from flash_local.services import SERVICES

from tests.support import published
from tests.support.apis import Api
from tests.support.rehearsals import RehearsalDatabase

Headers = Callable[[bytes], dict[str, str]]
"""A caller: what their request carries, which may be a signature over its body."""

PROGRAMS = ("hr_platform", "operator", "auditor", "skill_editor")
"""Roles that need no person, and the callers of these names."""
VERBS = ("get", "post", "put", "patch", "delete")
PREFIX = "/api/v1"


@dataclass(frozen=True, eq=False)
class Operation:
    """One verb of one route, as the committed OpenAPI document describes it."""

    service: str
    verb: str
    path: str
    described: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.verb.upper()} {self.path.removeprefix(PREFIX)}"

    @property
    def id(self) -> str:
        """The operation's id, by which a stage knows its body."""
        return str(self.described["operationId"])

    @property
    def content_type(self) -> str | None:
        """JSON or the first that it takes, if it takes a body."""
        taken = self.described.get("requestBody", {}).get("content", {})
        return "application/json" if "application/json" in taken else next(iter(taken), None)

    def parameters(self, place: str) -> Iterator[Mapping[str, Any]]:
        """Those of the path, the query or the header."""
        return (each for each in self.described.get("parameters", ()) if each["in"] == place)

    @property
    def names(self) -> list[str]:
        """The path's parameters."""
        return [str(each["name"]) for each in self.parameters("path")]

    @property
    def links(self) -> list[str]:
        """The path's parameters by which objects are found: ids, and tokens that stand for them."""
        found = {each["name"]: each["schema"] for each in self.parameters("path")}
        return [name for name, schema in found.items() if schema.get("format") == "uuid" or name == "token"]

    @property
    def needs_version(self) -> bool:
        """Whether it changes something that has an entity tag."""
        return any(each["name"] == "If-Match" for each in self.parameters("header"))


@dataclass
class Stage:
    """A running API, its callers by the names of `who_may`, and what a request needs to succeed for who may make it."""

    api: Api
    values: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of paths and queries, by name, or by operation and name."""
    bodies: Mapping[str, Any] = field(default_factory=dict)
    """By operation: what is sent as JSON, or bytes."""
    callers: dict[str, Headers] = field(default_factory=lambda: {"nobody": lambda _: {}})

    def sign_in(self, name: str, *roles: str, person_id: Any = None) -> None:
        """From now on there is a caller of this name, with these roles."""
        headers = self.api.callers.sign_in(*roles, person_id=person_id)
        self.callers[name] = lambda _: headers

    def sign_in_programs(self) -> None:
        """The callers that are no people; and one with a person's id, but no role."""
        for role in PROGRAMS:
            self.sign_in(role, role)
        self.sign_in("no_role", person_id=uuid4())

    def rehearsal(self) -> AbstractAsyncContextManager[None]:
        """Whatever a request does meanwhile is undone."""
        database = self.api.database
        return database.rehearsal() if isinstance(database, RehearsalDatabase) else _nothing()

    async def call(self, operation: Operation, caller: str, **values: Any) -> Any:
        """The answer to a request that lacks nothing; `values` replace those of the stage."""
        body = self._body(operation)
        known = {name: values.get(name, self.value(operation, name)) for name in operation.names}
        headers = {"content-type": operation.content_type} if operation.content_type else {}
        if operation.needs_version:
            headers["if-match"] = await self.tag(operation, caller, known)
        return await self.api.client.request(
            operation.verb.upper(),
            operation.path.format_map(known),
            params=self.query(operation),
            content=body,
            headers=headers | self.callers[caller](body),
        )

    def value(self, operation: Operation, name: str) -> Any:
        """What a parameter of the path or query is for this operation."""
        return self.values.get(f"{operation.id}.{name}", self.values.get(name))

    def query(self, operation: Operation) -> dict[str, str]:
        """A value for every parameter of the query that must be there."""
        needed = [each for each in operation.parameters("query") if each["required"]]
        return {each["name"]: str(self.value(operation, each["name"]) or each["schema"]["enum"][0]) for each in needed}

    def _body(self, operation: Operation) -> bytes:
        body = self.bodies.get(operation.id, b"")
        return body if isinstance(body, bytes) else json.dumps(body).encode()

    async def tag(self, operation: Operation, caller: str, values: Mapping[str, Any]) -> str:
        """The entity tag of what is to be changed, as the caller sees it, or else as its owner does."""
        path = operation.path
        while (operation.service, "get", path) not in OPERATIONS:
            path = path.rpartition("/")[0]
        for name in (caller, "owner"):
            answer = await self.api.client.get(path.format_map(values), headers=self.callers[name](b""))
            if "etag" in answer.headers:
                return str(answer.headers["etag"])
        return '"1"'


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


DOCUMENTS: Mapping[str, Any] = {
    service.name: json.loads(published.file(service).read_text(encoding="utf-8")) for service in SERVICES
}
"""The committed OpenAPI document of each service."""
OPERATIONS = {
    (service, verb, path): Operation(service, verb, path, described)
    for service, document in DOCUMENTS.items()
    for path, verbs in document["paths"].items()
    for verb, described in verbs.items()
}
"""Every operation of every service."""
