"""A program's rule evaluated anew for everybody, and a single HR event, where there are many programs.

Floors: one statement that selects whom the new rule admits or drops, and one that reads the person. `python -m
tests.bench rules` for some people, `rules-100k` for the issue's 100,000.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from chassis.database import Database
from flash_local.engines.every import Engines
from profile_service.app import build
from profile_service.refresh import refresh_some
from profile_service.settings import Settings

from tests.bench.company import LOCATIONS, PEOPLE_A_UNIT, Company, bodies
from tests.bench.measure import Spent, against_floor, spent
from tests.bench.world import TODAY, database_of
from tests.support.apis import Api, serving_api

PROGRAMS = 20
FIRST_PEOPLE = 200
SINGLE_EVENTS = 200
BEFORE, AFTER = LOCATIONS[:2]
MOVED = "SELECT person_id FROM person WHERE status = 'active' AND (location = $1) <> (location = $2)"
PLACED = 'SELECT count(*) FROM outbox WHERE payload LIKE \'%"change":"participation_changed"%\''
ONE = "SELECT person_id FROM person WHERE employee_number = $1"


class Programs:
    """An owner's programs, each for the people of one place."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._headers = api.callers.sign_in("employee", "program_owner", person_id=uuid4())
        self._first: dict[str, Any] = {}

    async def create(self) -> None:
        """All of them, and everybody placed in them."""
        for number in range(PROGRAMS):
            answer = await self.api.client.post("/api/v1/programs", json=_body(number, BEFORE), headers=self._headers)
            assert answer.status_code == 201, answer.text
            self._first = self._first or answer.json()
        await self.settle()

    async def change_rule(self) -> None:
        """The first is for the people of another place; done when everybody is placed."""
        path = f"/api/v1/programs/{self._first['program_id']}"
        headers = {**self._headers, "If-Match": f'"{self._first["version"]}"'}
        answer = await self.api.client.put(path, json=_body(0, AFTER), headers=headers)
        assert answer.status_code == 200, answer.text
        await self.settle()

    async def settle(self) -> None:
        """Everything in the background is done, in steps as the service makes them."""
        settings = self.api.service.settings
        assert isinstance(settings, Settings)
        while await refresh_some(self.api.database, settings.refresh_chunk_people):
            pass


async def run(engines: Engines, people: int) -> None:
    """Print the figures for so many people."""
    async with database_of(engines, "profile") as (_, values), serving_api(build(Settings(**values))) as api:
        company, programs, units = Company(api), Programs(api), people // PEOPLE_A_UNIT
        await company.push([*company.units(units), *company.joined(0, FIRST_PEOPLE, units)])
        await _single_events(company, "no program")
        await programs.create()
        await _single_events(company, f"{PROGRAMS} programs")
        await company.push(company.joined(FIRST_PEOPLE, people, units))
        await _change_rule(api, programs, people)


async def _change_rule(api: Api, programs: Programs, people: int) -> None:
    before = await _count(api.database, PLACED)
    ours = await _spent(programs.change_rule)
    async with api.database.connection() as connection:
        with spent() as floor:
            moved = len(await connection.fetch(MOVED, BEFORE, AFTER))
    assert await _count(api.database, PLACED) - before == moved, "everybody concerned, and nobody else"
    against_floor(
        f"rule changed, {PROGRAMS} programs, {moved:,} of {people:,} people moved", ours, floor, people, "people"
    )


async def _single_events(company: Company, name: str) -> None:
    calls = [bodies([company.retitled(str(number))])[0] for number in range(SINGLE_EVENTS)]

    async def push() -> None:
        for call in calls:
            await company.send(call)

    async def read() -> None:
        for number in range(SINGLE_EVENTS):
            async with company.api.database.connection() as connection:
                assert await connection.fetchval(ONE, str(number))

    ours, floor = await _spent(push), await _spent(read)
    against_floor(f"single HR event, {name}", ours, floor, SINGLE_EVENTS, "events")


async def _spent(work: Callable[[], Awaitable[None]]) -> Spent:
    with spent() as took:
        await work()
    return took


async def _count(database: Database, query: str) -> int:
    async with database.connection() as connection:
        count: int = await connection.fetchval(query)
    return count


def _body(number: int, location: str) -> dict[str, Any]:
    objective = {"text": "New contacts", "metric": "connections", "target": 5, "due": TODAY.isoformat()}
    return {
        "name": f"Program {number}",
        "objectives": [objective],
        "starts_on": TODAY.isoformat(),
        "eligibility": {"locations": [location]},
    }
