"""What HR pushes of the org chart, and how far that has come."""

from typing import Any

import orjson
from profile_service.snapshots import apply_some

from tests.integration.profile.conftest import Company

CLOUD_EVENTS = {"content-type": "application/cloudevents-batch+json; charset=utf-8"}


def cloud_event(id_: str, type_: str, minute: int, data: Any, **attributes: Any) -> dict[str, Any]:
    time = f"2026-11-03T09:{minute:02}:00Z"
    return {
        **{"specversion": "1.0", "id": id_, "source": "/hr", "type": type_, "time": time, "data": data},
        **attributes,
    }


async def push_cloud_events(company: Company, *events: Any) -> Any:
    headers = {**company.headers, **CLOUD_EVENTS}
    return await company.api.client.post("/api/v1/hr/org-events", content=orjson.dumps(events), headers=headers)


async def ask(company: Company, path: str) -> Any:
    answer = await company.api.client.get(f"/api/v1/hr/{path}", headers=company.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def apply_snapshots(company: Company) -> dict[str, Any]:
    """In the smallest bits; how the snapshot ended."""
    while await apply_some(company.api.database, 1, 0.2):
        pass
    (snapshot,) = (await ask(company, "snapshots"))["items"]
    return dict(snapshot)


def listed(number: str, unit: str, **facts: Any) -> dict[str, Any]:
    usual = {"name": f"Person {number}", "job_title": "Consultant", "job_level": 5, "location": "Berlin"}
    return {"employee_number": number, "unit": unit, **usual, **facts}


UNITS = [
    {"unit": "crm", "name": "Customer Relations", "parent": "sales"},
    {"unit": "sales", "name": "Sales and Marketing", "parent": "root"},
    {"unit": "root", "name": "Aurora"},
]


def snapshot(company: Company, people: list[dict[str, Any]], **values: Any) -> dict[str, Any]:
    return company.event("snapshot", snapshot="s1", units=UNITS, people=people, **values)
