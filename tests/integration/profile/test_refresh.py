"""The background pass wakes for commits of others, and sleeps when there is nothing to do."""

from flash_schemas.profile import ProfileChangedV1
from profile_service.refresh import refresh_some

from tests.integration.profile.conftest import Company
from tests.integration.profile.test_programs import create


async def test_a_pass_without_work_commits_nothing_and_so_wakes_nobody(company: Company) -> None:
    await company.settle()
    committed = company.api.database.commits()
    assert not await refresh_some(company.api.database, 10)
    assert not committed.is_set()


async def test_who_is_placed_anew_has_the_next_version_and_who_is_not_keeps_theirs(company: Company) -> None:
    before = {event.person_id: version for event, version in await company.api.events(ProfileChangedV1)}
    await create(company, eligibility={"units": [{"unit_id": str(company.units["lab"])}]})
    await company.push(company.unit("crm", "Customer Care", "sales"))
    await company.settle()
    after = {event.person_id: version for event, version in await company.api.events(ProfileChangedV1)}
    placed = {company.people[number] for number in ("2", "3")}
    assert after == {person_id: version + (person_id in placed) for person_id, version in before.items()}
