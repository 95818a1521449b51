"""The search service with two programs, and those who search in one or the other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from uuid import UUID, uuid4

from flash_local.engines.every import Engines
from search_service.app import build
from search_service.index import Index, Indexer
from search_service.settings import Settings

from tests.contract.api.stages import Stage
from tests.integration.search.conftest import World
from tests.support.apis import offline_settings, serving_api
from tests.support.databases import drop_database, fresh_database

OWNERS = {"owner", "other_owner"}


@asynccontextmanager
async def staged(engines: Engines) -> AsyncIterator[Stage]:
    """The stage on a database and an index of its own."""
    urls = await fresh_database(engines.postgres_url, "search")
    values = {**offline_settings(urls.app), "opensearch_url": engines.opensearch_url}
    settings = Settings(**values, topic_prefix=f"t{token_hex(6)}-", query_hash_key="k")
    index = Index(settings)
    async with serving_api(build(settings)) as api:
        for opened in api.service.opened:
            await opened()
        await index.open()
        indexer = Indexer(api.database, index, batch_documents=50)
        world, elsewhere = (World(api, api.database, index, indexer) for _ in range(2))
        stage = Stage(api, values={"program_id": world.program_id})
        _sign_in(stage, await _people(world, elsewhere))
        await world.settle()
        yield stage
        await index.client.indices.delete(index=f"{index.alias}-*", ignore_unavailable=True)
        await index.close()
        for closed in api.service.closed:
            await closed()
    await drop_database(engines.postgres_url, urls)


async def _people(world: World, elsewhere: World) -> dict[str, UUID]:
    """The programs are said with their owners, everybody else by their profiles."""
    skill = await world.skill("Kubernetes", "k8s")
    await world.program()
    await elsewhere.program()
    colleague, stranger = world.person("Ama", (skill, 4)), elsewhere.person("Ben", (skill, 3))
    leaver = world.person("Cleo", status="left", participations=())
    await world.say(colleague, stranger, leaver)
    return {
        "colleague": colleague.person_id,
        "stranger": stranger.person_id,
        "leaver": leaver.person_id,
        "owner": world.searcher_id,
        "other_owner": elsewhere.searcher_id,
        "newcomer": uuid4(),
    }


def _sign_in(stage: Stage, people: dict[str, UUID]) -> None:
    stage.sign_in_programs()
    for name, person_id in people.items():
        roles = ("employee", "program_owner") if name in OWNERS else ("employee",)
        stage.sign_in(name, *roles, person_id=person_id)
