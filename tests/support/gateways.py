"""Gateways with settings of a test's own, and what every refusal of one must look like."""

import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
from flash_local import loopback
from flash_local.gateway import Gateway
from flash_local.identity import IdentityProvider
from flash_local.processes import Process, free_port
from flash_local.services import Issuer

from tests.support.upstreams import Echo

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INTERNALS = re.compile(r"envoy|upstream|cluster|jwt|jwks|127\.0\.0\.1|uvicorn|\.py\b", re.IGNORECASE)

StartGateway = Callable[..., Awaitable[tuple[Gateway, Process]]]


async def start_gateway(
    folder: Path, stack: AsyncExitStack, provider: IdentityProvider, upstreams: dict[str, Echo], **settings: Any
) -> tuple[Gateway, Process]:
    """A gateway in a folder of its own, stopped with the stack; `settings` are put over the usual ones."""
    usual: dict[str, Any] = {
        "services": {name: echo.url for name, echo in upstreams.items()},
        "issuer": Issuer(provider.issuer, provider.jwks_url),
    }
    gateway = Gateway(folder=folder, port=free_port(), admin_port=free_port(), **(usual | settings))
    gateway.write_config()
    process = await Process.start(gateway.program(), folder / "gateway.log")
    stack.push_async_callback(process.stop)
    await process.wait_ready()
    return gateway, process


def client_of(gateway: Gateway) -> httpx2.AsyncClient:
    """A client that goes to this gateway and through no proxy."""
    return loopback.client(gateway.url, timeout=20)


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def assert_problem(answer: httpx2.Response, status: int, type_: str) -> dict[str, Any]:
    """The answer is a complete problem document that says what to do and nothing about the inside; returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["type"]) == (status, type_)
    assert problem["title"]
    assert len(problem["detail"]) > len(problem["title"])
    assert problem["instance"] == f"urn:request:{answer.headers['x-request-id']}"
    assert UUID.fullmatch(answer.headers["x-request-id"])
    assert not INTERNALS.search(answer.text + str(answer.headers))
    assert "server" not in answer.headers
    return problem
