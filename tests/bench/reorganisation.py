"""A reorganisation of many people, and what a person's edit takes meanwhile, beside one while nothing else runs."""

import asyncio
import time
from collections.abc import Awaitable
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from flash_local.engines.every import Engines
from profile_service.app import build
from profile_service.refresh import refresh_some
from profile_service.settings import Settings

from tests.bench.measure import Spent, quantiles, spent
from tests.bench.world import database_of
from tests.support.apis import Api, serving_api

TEAMS = 100
EDITORS = 50
QUIET_EDITS = 100
PAUSE_S = 0.02
PUSHED_EVENTS = 5_000


class Reorganised:
    """A company of one division with teams, all of whose people may be moved at once."""

    def __init__(self, api: Api, people: int) -> None:
        self.api, self.people = api, people
        self._headers = api.callers.sign_in("hr_platform")
        self._numbers, self._random = count(1), Random(7)
        self._editors: list[list[Any]] = []

    async def build(self) -> None:
        """Two divisions, the teams of the first, and everybody in them."""
        await self._push([self._unit(code, "root") for code in ("a", "b")], first=[self._unit("root", None)])
        await self._push([self._unit(f"team{number}", "a") for number in range(TEAMS)])
        results = await self._push([self._joined(number) for number in range(self.people)])
        some = self._random.sample([UUID(result["person_id"]) for result in results], EDITORS)
        self._editors = [[self.api.callers.sign_in("employee", person_id=person_id), 1] for person_id in some]

    async def move_division(self) -> None:
        """All teams with their division, as one event; everybody follows in the background."""
        await self._push([self._event("unit_moved", unit="a", parent="b")])
        settings = self.api.service.settings
        assert isinstance(settings, Settings)
        while await refresh_some(self.api.database, settings.refresh_chunk_people):
            pass

    async def move_everybody(self) -> None:
        """Everybody to another team, each by an event."""
        await self._push(
            [
                self._event("person_moved", employee_number=str(number), unit=f"team{(number + 1) % TEAMS}")
                for number in range(self.people)
            ]
        )

    async def edits(self, edits: int) -> list[float]:
        """Seconds of each of so many edits."""
        return [await self._edit() for _ in range(edits)]

    async def edits_during(self, work: Awaitable[None]) -> tuple[Spent, list[float]]:
        """What the work took, and seconds of each edit meanwhile."""
        seconds = []
        with spent() as took:
            task = asyncio.ensure_future(work)
            while not task.done():
                seconds.append(await self._edit())
                await asyncio.sleep(PAUSE_S)
            await task
        return took, seconds

    async def _edit(self) -> float:
        """As the person themselves, with the version they see; one that was moved meanwhile is read anew."""
        editor = self._random.choice(self._editors)
        started = time.perf_counter()
        answer = await self._put(editor)
        if answer.status_code == 412:
            editor[1] = int((await self.api.client.get("/api/v1/me/profile", headers=editor[0])).json()["version"])
            started = time.perf_counter()
            answer = await self._put(editor)
        editor[1] += answer.status_code == 200
        return time.perf_counter() - started

    async def _put(self, editor: list[Any]) -> Any:
        headers = {**editor[0], "If-Match": f'"{editor[1]}"'}
        return await self.api.client.put("/api/v1/me/profile", json={"bio": "x" * 200}, headers=headers)

    async def _push(self, events: list[Any], first: list[Any] | None = None) -> list[Any]:
        results = []
        for start in range(0, len(every := [*(first or []), *events]), PUSHED_EVENTS):
            body = {"events": every[start : start + PUSHED_EVENTS]}
            answer = await self.api.client.post("/api/v1/hr/org-events", json=body, headers=self._headers)
            pushed = answer.json()
            assert not pushed["refused"], pushed["results"][0]
            results += pushed["results"]
        return results

    def _event(self, type_: str, **facts: Any) -> dict[str, Any]:
        number = next(self._numbers)
        return {"type": type_, "id": f"e{number}", "sequence": number, "time": "2026-11-02T09:00:00Z", **facts}

    def _unit(self, code: str, parent: str | None) -> dict[str, Any]:
        return self._event("unit_upserted", unit=code, name=f"Unit {code}", parent=parent)

    def _joined(self, number: int) -> dict[str, Any]:
        about = {"name": f"Person {number}", "job_title": "Engineer", "job_level": 3, "location": "Berlin"}
        return self._event("person_joined", employee_number=str(number), unit=f"team{number % TEAMS}", **about)


async def run(engines: Engines, people: int) -> None:
    """Print the figures for so many people."""
    async with database_of(engines, "profile") as (_, values), serving_api(build(Settings(**values))) as api:
        company = Reorganised(api, people)
        await company.build()
        quantiles("edit while nothing else runs", await company.edits(QUIET_EDITS))
        for name, work in (("division moved", company.move_division), ("everybody moved", company.move_everybody)):
            took, seconds = await company.edits_during(work())
            rate, cpu_s = people / took.wall_s, took.cpu_s / people * 1000
            print(f"{name}: {people:,} people, {rate:,.0f}/s, CPU with edits {cpu_s:.2f} s per 1,000", flush=True)
            quantiles("  edit meanwhile", seconds)
            print(f"  longest {max(seconds) * 1000:,.0f} ms", flush=True)
