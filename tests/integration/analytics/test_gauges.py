"""What dashboards see of programs."""

from typing import Any
from uuid import uuid4

import pytest
from analytics_service.gauges import Gauges
from analytics_service.report import count
from prometheus_client import REGISTRY

from tests.integration.analytics.conftest import World, objective


def gauge(world: World, gauge_name: str, /, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"flash_program_{gauge_name}", {"program": str(world.program_id), **labels})


async def test_gauges_follow_what_is_consumed_and_small_groups_have_none(world: World) -> None:
    gauges = Gauges(world.database)
    await world.program(objective("messages_exchanged", 3), objective("connections", 1))
    await world.write(await world.ask(), "learner")
    await gauges.refresh()
    assert gauge(world, "info", name="Onboarding") == 1
    assert gauge(world, "messages_exchanged") is None, "two people"
    assert gauge(world, "relationships_made") == 0
    for _ in range(2):
        await world.write(await world.ask(), "learner")
    await gauges.refresh()
    assert gauge(world, "messages_exchanged") == 3
    states = {state: gauge(world, "objectives", state=state) for state in ("met", "not_met", "not_enough_data")}
    assert states == {"met": 1, "not_met": 0, "not_enough_data": 1}


async def test_ratios_appear_with_the_fifth_person(world: World) -> None:
    gauges = Gauges(world.database)
    await world.program()
    mentor_id = uuid4()
    for rating in (5, 4, 1, 1):
        await world.rate(await world.ask(mentor_id=mentor_id), "learner", rating)
    await gauges.refresh()
    assert gauge(world, "satisfaction_ratio") is None
    await world.rate(await world.ask(mentor_id=mentor_id), "learner", 5)
    await gauges.refresh()
    assert gauge(world, "satisfaction_ratio") == 3 / 5
    assert gauge(world, "survey_response_ratio") == 1


async def test_a_renamed_program_keeps_no_series_under_its_old_name(world: World) -> None:
    gauges = Gauges(world.database)
    await world.program(name="Old")
    await gauges.refresh()
    await world.program(name="New")
    await gauges.refresh()
    assert gauge(world, "info", name="Old") is None
    assert gauge(world, "info", name="New") == 1


async def test_gauges_of_one_time_are_of_one_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.program(objective("messages_exchanged", 4))
    sessions = [await world.ask() for _ in range(3)]
    for ids in sessions:
        await world.write(ids, "learner")

    async def counted_while_somebody_writes(*asked: Any) -> Any:
        counted = await count(*asked)
        await world.write(sessions[0], "mentor")
        return counted

    monkeypatch.setattr("analytics_service.gauges.count", counted_while_somebody_writes)
    await Gauges(world.database).refresh()
    assert gauge(world, "messages_exchanged") == 3
    assert gauge(world, "objectives", state="met") == 0


async def test_nothing_is_computed_while_nothing_happens(world: World) -> None:
    gauges = Gauges(world.database)
    await world.program()
    await gauges.refresh()
    async with world.database.transaction() as transaction:
        await transaction.execute("UPDATE program SET name = 'Silently'")
    await gauges.refresh()
    assert gauge(world, "info", name="Onboarding") == 1
