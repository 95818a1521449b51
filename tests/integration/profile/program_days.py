"""Programs as owners change them, people as they are published, and a day that passes."""

from datetime import UTC, datetime
from typing import Any

from flash_schemas.profile import ProfileChangedV1
from profile_service.days import turn_day

from tests.integration.profile.conftest import Company

TODAY = datetime.now(UTC).date()


def owner(company: Company, version: int | None = None, key: str | None = None) -> dict[str, str]:
    """Headers of the program's owner, for a change of this version."""
    match = {} if version is None else {"If-Match": f'"{version}"'}
    return {**company.sign_in("4", "program_owner"), **match, **({"Idempotency-Key": key} if key else {})}


async def post(company: Company, path: str, headers: dict[str, str], body: Any = None, status: int = 200) -> Any:
    answer = await company.api.client.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def last_event(company: Company, number: str) -> ProfileChangedV1:
    """What was said last of somebody."""
    events: list[ProfileChangedV1] = [event for event, _ in await company.api.events(ProfileChangedV1)]
    return next(event for event in reversed(events) if event.person_id == company.people[number])


async def a_day_passes(company: Company) -> None:
    async with company.api.database.transaction() as transaction:
        await transaction.execute("UPDATE placed_day SET day = day - 1")
    await turn_day(company.api.database)
    await company.settle()


async def me(company: Company, number: str) -> Any:
    return (await company.api.client.get("/api/v1/me/profile", headers=company.sign_in(number))).json()
