"""A service's API inside the test's own process, on a real database, with callers whom the test signs in."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from chassis.database import Database
from chassis.runtime import Service, create_api
from chassis.testing import StaticVerifier
from flash_schemas.base import Event
from flash_schemas.registry import EVENTS

LINK_KEY = "a key of thirty-two characters or more"
MASTER_KEY = base64.urlsafe_b64encode(bytes(32)).decode()
"""Of the session service; the others have no use for it."""

OUTBOX = "SELECT type, aggregate_version, payload FROM outbox ORDER BY id"


@dataclass
class Api:
    """A client of the service, its callers, and a look at what it would publish."""

    client: httpx2.AsyncClient
    callers: StaticVerifier
    service: Service

    @property
    def database(self) -> Database:
        """The service's own."""
        return self.service.database

    async def events(self, of: type[Event] | None = None) -> list[tuple[Any, int]]:
        """Every event in the outbox with its aggregate version, oldest first."""
        async with self.database.connection() as connection:
            rows = await connection.fetch(OUTBOX)
        read = [(EVENTS[row["type"]].read(row["payload"]), row["aggregate_version"]) for row in rows]
        return [item for item in read if of is None or isinstance(item[0], of)]


@asynccontextmanager
async def serving_api(service: Service) -> AsyncIterator[Api]:
    """The API of a service; nothing of it runs but the API."""
    app, callers = create_api(service), StaticVerifier()
    app.state.verifier = callers
    await service.database.open()
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        yield Api(client, callers, service)
    await service.database.close()


def offline_settings(database_url: str) -> dict[str, Any]:
    """Settings of a service whose Kafka and identity provider are not needed."""
    return {
        "database_url": database_url,
        "kafka_bootstrap": "127.0.0.1:1",
        "jwt_issuer": "https://id.test",
        "jwks_url": "http://127.0.0.1:1/jwks.json",
        "message_master_keys": MASTER_KEY,
        "link_key": LINK_KEY,
    }
