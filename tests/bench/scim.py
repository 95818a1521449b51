"""People and units by SCIM Bulk against a raw COPY of the rows that came of it, in one run.

`python -m tests.bench scim` for some, `scim-100k` for the issue's 100,000 people in 5,000 units.
"""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import httpx2
import orjson
from chassis.runtime import create_api
from flash_local.engines.every import Engines
from profile_service.app import build
from profile_service.scim.clients import scim_clients
from profile_service.scim.protocol import MAX_OPERATIONS
from profile_service.settings import Settings

from tests.bench.copying import copied
from tests.bench.measure import Spent, against_floor, spent
from tests.support.apis import offline_settings
from tests.support.databases import drop_database, fresh_database
from tests.support.scim import BULK, user

PEOPLE_A_UNIT = 20
TABLES = ("org_unit", "person", "scim_resource", "outbox")


async def run(engines: Engines, people: int) -> None:
    """Print the figure."""
    filled = await fresh_database(engines.postgres_url, "profile")
    empty = await fresh_database(engines.postgres_url, "profile")
    try:
        ours = await _ours(filled.app, list(_bodies(people)))
        floor = await copied(filled.owner, empty.owner, TABLES)
    finally:
        for urls in (filled, empty):
            await drop_database(engines.postgres_url, urls)
    against_floor(f"scim bulk, {people:,} people in {people // PEOPLE_A_UNIT:,} units", ours, floor, people, "people")


async def _ours(database_url: str, bodies: list[bytes]) -> Spent:
    service = build(Settings(**offline_settings(database_url)))
    await service.database.open()
    shown = io.StringIO()
    with redirect_stdout(shown):
        assert await scim_clients(service, ["add", "bench"]) == 0
    headers = {"Authorization": f"Bearer {shown.getvalue().strip()}", "Content-Type": "application/scim+json"}
    transport = httpx2.ASGITransport(app=create_api(service))
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
        with spent() as ours:
            for body in bodies:
                _check(await client.post("/scim/v2/Bulk", content=body))
    await service.database.close()
    return ours


def _bodies(people: int) -> Iterator[bytes]:
    """Requests as large as they may be."""
    for start in range(0, people, MAX_OPERATIONS):
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": str(number), "data": _user(number)}
            for number in range(start, min(start + MAX_OPERATIONS, people))
        ]
        yield orjson.dumps({"schemas": [BULK], "Operations": operations})


def _user(number: int) -> dict[str, Any]:
    return user(f"{number}", department=f"Department {number // PEOPLE_A_UNIT}")


def _check(answer: httpx2.Response) -> None:
    statuses = {result["status"] for result in answer.json()["Operations"]}
    assert statuses == {"201"}, statuses
