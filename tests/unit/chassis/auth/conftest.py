"""A key server that is there, goes away, or never was, and who verifies tokens by it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from chassis import auth
from chassis.auth import TokenVerifier
from chassis.settings import Settings
from chassis.testing import TokenIssuer

NOW = int(time.time())


class KeyServer:
    """Serves what it is told to; None is an answer that no client wants."""

    def __init__(self) -> None:
        self.document: Any = None
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        status = b"503 Service Unavailable" if self.document is None else b"200 OK"
        body = json.dumps(self.document).encode()
        writer.write(b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def key_server() -> AsyncIterator[tuple[KeyServer, str]]:
    keys = KeyServer()
    server = await asyncio.start_server(keys.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield keys, f"http://127.0.0.1:{port}/jwks.json"


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer()


@pytest.fixture
def keys(key_server: tuple[KeyServer, str], issuer: TokenIssuer) -> KeyServer:
    keys, _ = key_server
    keys.document = issuer.jwks
    return keys


def settings_for(url: str, **own: Any) -> Settings:
    return Settings(
        database_url="postgresql://nowhere",
        kafka_bootstrap="127.0.0.1:1",
        jwt_issuer="https://id.test",
        jwks_url=url,
        **own,
    )


@pytest.fixture
def verifier(keys: KeyServer, key_server: tuple[KeyServer, str]) -> TokenVerifier:
    return TokenVerifier(settings_for(key_server[1]))


@pytest.fixture
def impatient(keys: KeyServer, key_server: tuple[KeyServer, str], monkeypatch: pytest.MonkeyPatch) -> TokenVerifier:
    """Asks for the keys anew at every token."""
    monkeypatch.setattr(auth, "REFETCH_PAUSE_S", 0)
    return TokenVerifier(settings_for(key_server[1], jwks_ttl_s=0))


def claiming(issuer: TokenIssuer, **claims: Any) -> str:
    """A token with claims of any type."""
    token: Any = issuer.token
    return str(token(**claims))
