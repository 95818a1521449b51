"""A person's own profile as they read and write it, and what time does to it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flash_schemas.profile import SKILL_CONFIRMED_DAYS
from profile_service.reminders import remind_some

from tests.integration.profile.conftest import Company
from tests.integration.profile.test_profiles import edit

LONG = SKILL_CONFIRMED_DAYS + 5


def today() -> date:
    return datetime.now(UTC).date()


async def me(company: Company, number: str = "1") -> Any:
    answer = await company.api.client.get("/api/v1/me/profile", headers=company.sign_in(number))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def say(company: Company, number: str = "1", **body: Any) -> Any:
    """The profile after a whole edit."""
    answer = await edit(company, number, (await me(company, number))["version"], **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def patch(company: Company, version: int, body: Any) -> Any:
    headers = {**company.sign_in("1"), "If-Match": f'"{version}"', "Content-Type": "application/merge-patch+json"}
    return await company.api.client.request("PATCH", "/api/v1/me/profile", json=body, headers=headers)


async def preview(company: Company, viewer: str, status: int = 200, **params: Any) -> Any:
    answer = await company.api.client.get(
        "/api/v1/me/profile/preview", params={"as": viewer, **params}, headers=company.sign_in("1")
    )
    assert answer.status_code == status, answer.text
    return answer.json()


async def age_claims(company: Company, days: int, number: str = "1") -> None:
    """As if the person had said everything so many days ago."""
    day = (today() - timedelta(days=days)).isoformat()
    query = """
    UPDATE person SET declared = jsonb_set(declared, '{skills}', (
        SELECT jsonb_agg(claim || jsonb_build_object('confirmed_on', $2::text))
        FROM jsonb_array_elements(declared -> 'skills') AS claim)) WHERE person_id = $1
    """
    async with company.api.database.connection() as connection:
        await connection.execute(query, company.people[number], day)


async def remind(company: Company, chunk: int = 100) -> dict[str, int]:
    """Run the reminders until nobody is left; how many days ago each person was last reminded, by number."""
    while await remind_some(company.api.database, chunk):
        pass
    async with company.api.database.connection() as connection:
        rows = await connection.fetch("SELECT person_id, due_on FROM profile_reminder")
    numbers = {person_id: number for number, person_id in company.people.items()}
    return {numbers[row["person_id"]]: (today() - row["due_on"]).days for row in rows}
