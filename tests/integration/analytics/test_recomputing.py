"""Rollups are computed again from the facts, while the service goes on."""

import asyncio
from typing import Any

import pytest
from analytics_service import consumers, recomputing, store
from analytics_service.rollup import recompute
from flash_schemas import session as said

from tests.integration.analytics.conftest import MARCH, World
from tests.integration.analytics.test_rollups import differing, somebody_waits
from tests.support.commands import run
from tests.support.deliveries import delivery
from tests.support.waiting import eventually

SPOIL = "UPDATE rollup_count SET amount = amount + 7 WHERE measure = 'message'"
END_WHO_WAITS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
EQUAL = "Rollups equal the facts."


async def spoil(world: World) -> None:
    async with world.database.transaction() as transaction:
        await transaction.execute(SPOIL)


async def command(world: World) -> tuple[int | None, list[str]]:
    settings: Any = world.api.service.settings
    return await run("analytics_service", settings, "recompute")


async def test_a_wrong_rollup_is_repaired_and_said(world: World) -> None:
    elsewhere = World(world.api)
    for each in (world, elsewhere):
        await each.write(await each.ask(), "learner")
    await spoil(world)
    compared = {row.measure: row for row in await recompute(world.database, 10) if row.differing}
    assert set(compared) == {"message"}
    assert (compared["message"].kept, compared["message"].recomputed, compared["message"].differing) == (16, 2, 2)
    assert await differing(world.database) == 0


async def test_a_program_of_which_only_rollups_or_only_facts_are_left_is_put_right_too(world: World) -> None:
    await world.write(await world.ask(), "learner")
    async with world.database.transaction() as transaction:
        await transaction.execute("DELETE FROM rollup_count")
        await transaction.execute("DELETE FROM rollup_person")
    assert await differing(world.database) == 11
    async with world.database.transaction() as transaction:
        await transaction.execute("DELETE FROM session_fact")
        await transaction.execute("DELETE FROM message_fact")
    assert await differing(world.database) == 11
    assert await differing(world.database) == 0


async def test_a_batch_at_work_is_waited_for_and_counted(world: World) -> None:
    ids = await world.ask()
    asked = said.SessionAcceptedV1(**ids, capacity_month="2026-03")
    async with world.database.transaction() as transaction:
        await consumers.take_facts(transaction, [delivery(asked, 2, at=MARCH)])
        recomputing = asyncio.create_task(differing(world.database))
        await eventually(lambda: somebody_waits(world.database))
    assert await recomputing == 0


async def test_a_batch_waits_but_reports_do_not(world: World) -> None:
    ids = await world.ask()
    await world.program()
    async with world.database.transaction() as transaction:
        await store.stop_rolling_up(transaction)
        other = asyncio.create_task(world.write(ids, "mentor"))
        await eventually(lambda: somebody_waits(world.database))
        assert (await world.get()).status_code == 200
    await other
    assert await differing(world.database) == 0


async def test_batches_have_their_turn_before_each_program(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, turns = World(world.api), 0
    ids, _ = await world.ask(), await elsewhere.ask()
    stop = store.stop_rolling_up

    async def after_a_batch(transaction: Any) -> None:
        nonlocal turns
        turns += 1
        await world.write(ids, "mentor")
        await stop(transaction)

    monkeypatch.setattr(store, "stop_rolling_up", after_a_batch)
    assert await differing(world.database) == 0
    assert turns == 2


async def test_the_command_prints_both_sums_and_fails_only_when_they_differ(world: World) -> None:
    await world.write(await world.ask(), "learner")
    status, lines = await command(world)
    assert (status, lines[-1]) == (0, EQUAL)
    assert lines[0].split() == ["rollup", "measure", "rolled", "up", "recomputed", "differing"]
    await spoil(world)
    status, lines = await command(world)
    assert (status, lines[-1]) == (1, "1 rows differed and were replaced.")
    assert (await command(world))[1][-1] == EQUAL


@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("--chek", 2)])
async def test_the_command_does_nothing_that_it_was_not_asked_for(world: World, argument: str, status: int) -> None:
    await world.write(await world.ask(), "learner")
    await spoil(world)
    with pytest.raises(SystemExit) as ended:
        await recomputing.command(world.database, 10)(None, [argument])
    assert ended.value.code == status
    assert await differing(world.database) == 1


async def test_the_command_only_looks_when_told_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await world.write(await world.ask(), "learner")
    await spoil(world)
    assert await recomputing.command(world.database, 10)(None, ["--check"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 rows differ."
    assert await differing(world.database) == 1


async def test_when_postgresql_goes_away_the_command_says_so_in_one_line(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.ask()
    async with world.database.transaction() as transaction:
        await store.stop_rolling_up(transaction)
        asked = asyncio.ensure_future(recomputing.command(world.database, 10)(None, []))
        await eventually(lambda: somebody_waits(world.database))
        async with world.database.connection() as connection:
            await connection.fetch(END_WHO_WAITS)
        assert await asked == 1
    said_so = capsys.readouterr().err.splitlines()
    assert [line[:27] for line in said_so] == ["Not finished, run it again:"]
