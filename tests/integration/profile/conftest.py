"""The profile service's API, with an HR platform and employees who call it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from flash_local.databases import DatabaseUrls
from profile_service.app import build
from profile_service.refresh import refresh_some
from profile_service.settings import Settings

from tests.support.apis import Api, offline_settings, serving_api

TIME = "2026-11-02T09:00:00Z"


@pytest.fixture
async def api(profile_database: DatabaseUrls) -> AsyncIterator[Api]:
    async with serving_api(build(Settings(**offline_settings(profile_database.app)))) as served:
        yield served


@dataclass
class Company:
    """HR's side of the conversation: it numbers its events and remembers the ids it was given."""

    api: Api
    headers: dict[str, str]
    people: dict[str, UUID] = field(default_factory=dict)
    units: dict[str, UUID] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    def event(self, type_: str, **facts: Any) -> dict[str, Any]:
        """The next event of HR."""
        number = next(self.numbers)
        return {"type": type_, "id": f"hr-{number}", "sequence": number, "time": TIME, **facts}

    def unit(self, code: str, name: str, parent: str | None = None) -> dict[str, Any]:
        return self.event("unit_upserted", unit=code, name=name, parent=parent)

    def joined(self, number: str, unit: str, **facts: Any) -> dict[str, Any]:
        usual = {"name": f"Person {number}", "job_title": "Consultant", "job_level": 5, "location": "Berlin"}
        return self.event("person_joined", employee_number=number, unit=unit, **{**usual, **facts})

    async def push(self, *events: Any) -> list[dict[str, Any]]:
        """What became of each event."""
        answer = await self.api.client.post("/api/v1/hr/org-events", json={"events": events}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        for event, result in zip(events, results, strict=True):
            if result["person_id"]:
                self.people[event["employee_number"]] = UUID(result["person_id"])
            if result["unit_id"]:
                self.units[event["unit"]] = UUID(result["unit_id"])
        return results

    def sign_in(self, number: str, *roles: str) -> dict[str, str]:
        """Headers of an employee."""
        return self.api.callers.sign_in("employee", *roles, person_id=self.people[number])

    async def settle(self) -> None:
        """Everything in the background is done."""
        while await refresh_some(self.api.database, 3):
            pass


@pytest.fixture
async def company(api: Api) -> Company:
    """A root, Sales and Marketing with a sub-unit, and Research; four people."""
    company = Company(api, api.callers.sign_in("hr_platform"))
    results = await company.push(
        company.unit("root", "Aurora"),
        company.unit("sales", "Sales and Marketing", "root"),
        company.unit("crm", "Customer Relations", "sales"),
        company.unit("lab", "Research", "root"),
        company.joined("1", "sales", name="Nadia Ferreira"),
        company.joined("2", "crm", name="李秀英"),
        company.joined("3", "lab", name="Öykü Yılmaz"),
        company.joined("4", "sales", name="Owner", location="Lisbon"),
    )
    assert {result["outcome"] for result in results} == {"applied"}
    return company


def program_body(**values: Any) -> dict[str, Any]:
    """A program that admits everyone, but for what is given."""
    objective = {"text": "New contacts", "metric": "connections", "target": 5, "due": "2027-03-31"}
    return {"name": "Know your colleagues", "objectives": [objective], "starts_on": "2026-11-01", **values}
