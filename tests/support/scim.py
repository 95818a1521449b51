"""A SCIM client of the profile service, as an HR directory would be one."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
from profile_service.scim.clients import scim_clients

from tests.support.apis import Api

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


async def command(api: Api, capsys: Any, *arguments: str) -> tuple[int, str]:
    """The status of `scim-clients ...`, and what it printed."""
    capsys.readouterr()  # what was logged before
    status = await scim_clients(api.service, arguments)
    return status, capsys.readouterr().out.strip()


@dataclass
class Directory:
    """Entra, Okta or another directory with a token of its own."""

    api: Api
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}

    async def send(self, method: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        """One request below /scim/v2."""
        headers = self.headers | more.pop("headers", {})
        content = {} if body is None else {"json": body}
        return await self.api.client.request(method, f"/scim/v2{path}", headers=headers, **content, **more)

    async def create(self, number: str, **attributes: Any) -> dict[str, Any]:
        """A user that was not there."""
        answer = await self.send("POST", "/Users", user(number, **attributes))
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def patch(self, id_: str, *operations: dict[str, Any], **more: Any) -> httpx2.Response:
        """A PATCH of a user."""
        return await self.send("PATCH", f"/Users/{id_}", {"schemas": [PATCH_OP], "Operations": [*operations]}, **more)

    async def found(self, **query: Any) -> dict[str, Any]:
        """The users that a search finds."""
        answer = await self.send("GET", "/Users", params=query)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def bulk(self, *operations: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        """What became of each operation."""
        answer = await self.send("POST", "/Bulk", {"schemas": [BULK], "Operations": [*operations], **more})
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["Operations"]
        return results

    async def person(self, number: str) -> dict[str, Any] | None:
        """The row of the person with a number."""
        query = """
            SELECT p.*, u.code AS unit, u.name AS unit_name FROM person AS p JOIN org_unit AS u USING (unit_id)
            WHERE employee_number = $1
        """
        async with self.api.database.connection() as connection:
            row = await connection.fetchrow(query, number)
        return dict(row) if row else None


async def directory(api: Api, capsys: Any) -> Directory:
    """A new client of the service."""
    status, token = await command(api, capsys, "add", f"directory-{uuid4()}")
    assert status == 0
    return Directory(api, token)


def user(number: str, *, department: str | None = None, **attributes: Any) -> dict[str, Any]:
    """A user in full, but for what is given."""
    enterprise = {"employeeNumber": number, **({"department": department} if department else {})}
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": f"user-{number}@aurora.example",
        "externalId": f"ext-{number}",
        "displayName": f"Person {number}",
        "title": "Consultant",
        "active": True,
        "addresses": [{"type": "work", "locality": "Berlin"}],
        ENTERPRISE: enterprise,
        **attributes,
    }


def assert_error(answer: httpx2.Response, status: int, scim_type: str | None = None) -> str:
    """The answer is a SCIM error without anything of the inside; returns its detail."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    error = answer.json()
    assert error["schemas"] == [ERROR]
    assert error["status"] == str(status)
    assert error.get("scimType") == scim_type
    detail: str = error.get("detail", "")
    assert not re.search(r"asyncpg|Traceback|\.py\b|SELECT", detail)
    return detail
