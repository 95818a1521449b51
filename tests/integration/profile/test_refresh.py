"""The background pass wakes for commits of others, and sleeps when there is nothing to do."""

from profile_service.refresh import refresh_some

from tests.integration.profile.conftest import Company


async def test_a_pass_without_work_commits_nothing_and_so_wakes_nobody(company: Company) -> None:
    await company.settle()
    committed = company.api.database.commits()
    assert not await refresh_some(company.api.database, 10)
    assert not committed.is_set()
