"""People and units by HR's events, 10,000 a call, against a raw COPY of the rows that came of it, in one run.

A call of 10,000 is one list in memory and fifty transactions. `python -m tests.bench hr` for some, `hr-100k` for the
issue's 100,000 people in 5,000 units.
"""

from flash_local.engines.every import Engines
from profile_service.app import build
from profile_service.settings import Settings

from tests.bench.company import PEOPLE_A_UNIT, Company, bodies
from tests.bench.copying import copied
from tests.bench.measure import Spent, against_floor, spent
from tests.support.apis import offline_settings, serving_api
from tests.support.databases import drop_database, fresh_database

TABLES = ("org_unit", "person", "hr_event", "outbox")


async def run(engines: Engines, people: int) -> None:
    """Print the figure."""
    units = people // PEOPLE_A_UNIT
    filled = await fresh_database(engines.postgres_url, "profile")
    empty = await fresh_database(engines.postgres_url, "profile")
    try:
        ours = await _ours(filled.app, people, units)
        floor = await copied(filled.owner, empty.owner, TABLES)
    finally:
        for urls in (filled, empty):
            await drop_database(engines.postgres_url, urls)
    against_floor(f"HR events, {people:,} people in {units:,} units", ours, floor, people, "people")


async def _ours(database_url: str, people: int, units: int) -> Spent:
    async with serving_api(build(Settings(**offline_settings(database_url)))) as api:
        company = Company(api)
        calls = bodies([*company.units(units), *company.joined(0, people, units)])
        with spent() as ours:
            for call in calls:
                await company.send(call)
    return ours
