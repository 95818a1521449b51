"""Everything can be said once more, as it is now and with the version it has."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from chassis import outbox
from chassis.republishing import begin_epoch, republish
from flash_schemas.base import Event
from flash_schemas.profile import ProfileChangedV1, ProgramChangedV1, SkillChangedV1
from profile_service import republish as command
from profile_service import store
from profile_service.seed import seed

from tests.integration.profile.conftest import Company, program_body
from tests.support.waiting import WAITS_FOR_LOCK, eventually

FORGOTTEN = "TRUNCATE outbox"
UNPUBLISHED_OF_ANOTHER = "UPDATE outbox SET xid = ((xid::text::bigint) + 1000000000)::text::xid8"
CURSOR_OF_ANOTHER = "UPDATE outbox_cursor SET snapshot = '2000000000:2000000000:'"


async def newest(company: Company, of: type[Event]) -> dict[UUID, tuple[Any, int]]:
    """The last event of each aggregate, but for what made it, and its version."""
    said = await company.api.events(of)
    return {event.aggregate_id: (event.model_copy(update={"change": ""}), version) for event, version in said}


async def execute(company: Company, statement: str) -> None:
    async with company.api.database.transaction() as transaction:
        await transaction.execute(statement)


@pytest.mark.parametrize("limit", [1, 3, 200])
async def test_everything_is_said_again_as_it_is_now(
    company: Company, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = company.sign_in("4", "program_owner")
    created = await company.api.client.post("/api/v1/programs", json=program_body(), headers=owner)
    assert created.status_code == 201, created.text
    await company.push(company.event("person_left", employee_number="3"))
    await company.settle()
    await seed(company.api.service)
    kinds = (ProfileChangedV1, ProgramChangedV1, SkillChangedV1)
    before = [await newest(company, kind) for kind in kinds]
    assert all(before)
    await execute(company, FORGOTTEN)
    monkeypatch.setattr(command, "LIMIT", limit)
    assert await command.republish(company.api.service) == 0
    assert [await newest(company, kind) for kind in kinds] == before
    assert len(await company.api.events()) == sum(map(len, before)), "each once"


@pytest.mark.parametrize(("argument", "status"), [("--check", 2), ("people", 2), ("--help", 0)])
async def test_what_is_asked_for_and_not_known_does_nothing(company: Company, argument: str, status: int) -> None:
    before = len(await company.api.events())
    for one_shot in (command.republish, seed):
        with pytest.raises(SystemExit) as wrong:
            await one_shot(company.api.service, [argument])
        assert wrong.value.code == status
    assert len(await company.api.events()) == before


async def test_it_says_how_far_it_has_come(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    await command.republish(company.api.service)
    assert capsys.readouterr().out.splitlines()[0] == "people: 4 sent to the outbox."


async def test_one_that_was_killed_may_be_run_again(company: Company) -> None:
    pages = 0

    async def crash(transaction: Any, after: UUID, limit: int) -> Any:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise KeyboardInterrupt
        return await command._people(transaction, after, limit)

    await execute(company, FORGOTTEN)
    with pytest.raises(KeyboardInterrupt):
        await republish(company.api.database, {"people": crash}, 1)
    assert len(await company.api.events()) == 1
    await command.republish(company.api.service)
    assert len(await newest(company, ProfileChangedV1)) == 4


async def test_a_change_at_work_is_waited_for_and_said_in_order(company: Company) -> None:
    database, person_id = company.api.database, company.people["1"]
    async with database.transaction() as transaction:
        person = await store.lock_person(transaction, person_id)
        assert person
        republishing = asyncio.create_task(command.republish(company.api.service))
        await eventually(lambda: somebody_waits(company))
        edited = replace(person, name="Edited", version=person.version + 1)
        await store.save_people(transaction, [edited])
        await outbox.append(transaction, [edited.event("edited")])
    await republishing
    said = [version for event, version in await company.api.events() if event.aggregate_id == person_id]
    assert said == [person.version, edited.version, edited.version]


async def somebody_waits(company: Company) -> bool:
    async with company.api.database.connection() as connection:
        return bool(await connection.fetchval(WAITS_FOR_LOCK))


@pytest.mark.parametrize("trace", [UNPUBLISHED_OF_ANOTHER, CURSOR_OF_ANOTHER])
async def test_an_outbox_of_another_cluster_goes_out_again_once(company: Company, trace: str) -> None:
    await execute(company, trace)
    async with company.api.database.transaction() as transaction:
        assert await begin_epoch(transaction)
    async with company.api.database.transaction() as transaction:
        assert not await begin_epoch(transaction)
        ahead = "SELECT count(*) FROM outbox WHERE xid > pg_snapshot_xmax(pg_current_snapshot())"
        assert await transaction.fetchval(ahead) == 0
        assert await transaction.fetchval("SELECT snapshot::text FROM outbox_cursor") == "3:3:"
