"""The SCIM server keeps the standard: scim2-tester finds nothing, and the storage keeps its library's contract."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import httpx2
import pytest
import uvicorn
from chassis.database import prepare
from chassis.runtime import create_api
from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines
from flash_local.processes import free_port
from profile_service.scim import protocol
from profile_service.scim.storage import ScimStorage
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import Resource, ResourceType, ResponseParameters, ScimProvider, SearchRequest
from scim2_server.storage import AsyncScimStorage, SearchPage
from scim2_server.testing import AsyncScimStorageContract
from scim2_tester import Status, check_server

from tests.support.apis import Api
from tests.support.databases import drop_database, fresh_database
from tests.support.scim import directory


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to the test run."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


GOOD = {Status.SUCCESS, Status.COMPLIANT}


@pytest.fixture
async def address(api: Api) -> AsyncIterator[str]:
    """The API over HTTP: the checker is a blocking client."""
    port = free_port()
    server = _Server(uvicorn.Config(create_api(api.service), port=port, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    yield f"http://127.0.0.1:{port}/scim/v2"
    server.should_exit = True
    await task


async def test_scim2_tester_finds_every_check_succeeding(
    api: Api, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = (await directory(api, capsys)).headers
    with httpx2.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client:
        results = await asyncio.to_thread(check_server, SyncSCIMClient(client))
    wrong = [each for each in results if each.status not in GOOD]
    assert [f"{each.title} {each.resource_type}: {each.status} {each.reason}" for each in wrong] == []
    assert len(results) > 100


@pytest.fixture(scope="module")
async def database_of_contract(engines: Engines) -> AsyncIterator[DatabaseUrls]:
    urls = await fresh_database(engines.postgres_url, "profile")
    yield urls
    await drop_database(engines.postgres_url, urls)


class EachCallAlone(AsyncScimStorage):
    """The storage with a connection and a transaction for each call, in whatever event loop the contract runs."""

    supports_cursors = ScimStorage.supports_cursors

    def __init__(self, url: str, provider: ScimProvider) -> None:
        self._url = url
        self._provider = provider
        self._empty = False

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncIterator[ScimStorage]:
        connection = await asyncpg.connect(self._url)
        try:
            await prepare(connection)
            async with connection.transaction():
                if not self._empty:
                    await connection.execute("DELETE FROM scim_resource; DELETE FROM person; DELETE FROM org_unit")
                    self._empty = True
                storage = ScimStorage(connection, self._provider, writing=True)
                async with storage.operation():
                    yield storage
                await storage.save()
        finally:
            await connection.close()

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        async with self._open() as storage:
            return await storage.get(resource_type, resource_id, response_parameters=response_parameters)

    async def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        async with self._open() as storage:
            return await storage.search(resource_types, search_request, position=position)

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        async with self._open() as storage:
            return await storage.create(resource_type, resource)

    async def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        async with self._open() as storage:
            return await storage.update(resource_type, resource, expected_version=expected_version)

    async def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        async with self._open() as storage:
            await storage.delete(resource_type, resource_id, expected_version=expected_version)


class TestTheStorage(AsyncScimStorageContract):
    """Everything that the library asks of a storage: copies, versions, uniqueness, filters, sorting, cursors."""

    @pytest.fixture
    def provider(self) -> ScimProvider:
        return protocol.provider()

    @pytest.fixture
    def async_storage(self, database_of_contract: DatabaseUrls, provider: ScimProvider) -> AsyncScimStorage:
        return EachCallAlone(database_of_contract.app, provider)
