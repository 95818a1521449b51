"""Search answers as if neither of two people matched when one of them blocked the other."""

from typing import Any
from uuid import UUID

import pytest
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.search import SearchPerformedV1
from flash_schemas.session import BlockChangedV1
from search_service.erasure import take_erasures

from tests.integration.search.conftest import World
from tests.support.deliveries import delivery


async def everything(world: World, by: UUID | None = None) -> dict[str, Any]:
    """All that an answer tells, whatever the search's own id."""
    page: dict[str, Any] = await world.ask("Excel Anna", by=by, limit=50)
    return {**page, "search_id": ""}


@pytest.mark.parametrize("blocker", ["searcher", "mentor"])
async def test_a_block_hides_as_if_the_other_did_not_take_part(world: World, blocker: str) -> None:
    await world.program(search=("job_title",), filter=("unit", "location", "job_level"))
    excel = await world.skill("Excel")
    kept, apart = (
        world.person("Anna Kept", (excel, 3)),
        world.person("Anna Apart", (excel, 5), location="Lisbon", job_level=9),
    )
    await world.say(kept)
    await world.settle()
    without = await everything(world)
    await world.say(apart)
    await world.settle()
    assert (await everything(world)) != without
    sides = world.searcher_id, apart.person_id
    by, whom = sides if blocker == "searcher" else sides[::-1]
    await world.hear(BlockChangedV1(person_id=by, blocked=(whom,)), 2)
    assert await everything(world) == without, "hits, counts, facets"
    said = (await world.api.events(SearchPerformedV1))[-1][0]
    assert (said.matching, said.shown) == (1, (kept.person_id,))
    assert {item["name"] for item in (await everything(world, kept.person_id))["items"]} == {"Anna Apart"}
    await world.hear(BlockChangedV1(person_id=by, blocked=()), 1)
    assert await everything(world) == without, "an older list changes nothing"
    await world.hear(BlockChangedV1(person_id=by, blocked=()), 3)
    assert len((await everything(world))["items"]) == 2


async def test_who_is_forgotten_blocks_nobody_any_more_whatever_comes_late(world: World) -> None:
    mentor, blocker = world.person("Mentor"), world.person("Blocker")
    for each in (mentor, blocker):
        await world.say(each)
    await world.hear(BlockChangedV1(person_id=blocker.person_id, blocked=(mentor.person_id,)), 1)
    request = ErasureRequestedV1(person_id=blocker.person_id, reason="own_request", profile_version=9)
    async with world.database.transaction() as transaction:
        await take_erasures(transaction, [delivery(request, 1)])
    late = BlockChangedV1(person_id=blocker.person_id, blocked=(mentor.person_id,))
    await world.hear(late, 5)
    async with world.database.connection() as connection:
        assert await connection.fetchval("SELECT blocked FROM block_list") == []
