"""A company as its HR platform pushes it: a tree of units, people in them, and what changes of them one by one."""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

import orjson
from profile_service.requests.hr import MAX_EVENTS

from tests.support.apis import Api

PEOPLE_A_UNIT = 20
UNITS_A_LEVEL = 10
"""Units right under another one: 5,000 units are 4 levels."""
LOCATIONS = ("Berlin", "Lisbon", "Singapore", "Toronto")


class Company:
    """HR numbers its events, and sends as many a call as the API takes. `ids` are people's, by employee number."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.ids: dict[str, str] = {}
        self._headers = api.callers.sign_in("hr_platform") | {"Content-Type": "application/json"}
        self._numbers = count(1)

    def units(self, units: int) -> Iterable[dict[str, Any]]:
        """Each with its parent before it."""
        for number in range(units):
            parent = f"unit{(number - 1) // UNITS_A_LEVEL}" if number else None
            yield self._event("unit_upserted", unit=f"unit{number}", name=f"Unit {number}", parent=parent)

    def joined(self, first: int, after: int, units: int) -> Iterable[dict[str, Any]]:
        """People from one number up to another, spread over the units."""
        for number in range(first, after):
            about = {"name": f"Person {number}", "job_title": "Consultant", "job_level": number % 12 + 1}
            place = {"location": LOCATIONS[number % len(LOCATIONS)], "unit": f"unit{number % units}"}
            yield self._event("person_joined", employee_number=str(number), **about, **place)

    def retitled(self, number: str) -> dict[str, Any]:
        """Somebody has another title."""
        event = self._event("person_changed", employee_number=number)
        return {**event, "job_title": f"Consultant {event['id']}"}

    async def push(self, events: Iterable[dict[str, Any]]) -> None:
        """Push events, all of which must be applied."""
        listed = list(events)
        for start, body in zip(range(0, len(listed), MAX_EVENTS), bodies(listed), strict=True):
            for event, result in zip(listed[start:], await self.send(body), strict=False):
                if result["person_id"]:
                    self.ids[event["employee_number"]] = result["person_id"]

    async def send(self, body: bytes) -> list[Any]:
        """One call, all of whose events must be applied; what became of each."""
        answer = await self.api.client.post("/api/v1/hr/org-events", content=body, headers=self._headers)
        results: list[Any] = answer.json()["results"]
        assert {result["outcome"] for result in results} == {"applied"}, results[0]
        return results

    def _event(self, type_: str, **facts: Any) -> dict[str, Any]:
        number = next(self._numbers)
        return {"type": type_, "id": f"e{number}", "sequence": number, "time": "2026-11-02T09:00:00Z", **facts}


def bodies(events: Sequence[dict[str, Any]]) -> list[bytes]:
    """Calls as large as they may be."""
    starts = range(0, len(events), MAX_EVENTS)
    return [orjson.dumps({"events": events[start : start + MAX_EVENTS]}) for start in starts]
