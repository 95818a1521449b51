"""The analytics service with two programs, and those of whom it has figures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from analytics_service.app import build
from analytics_service.settings import Settings
from flash_local.engines.every import Engines

from tests.contract.api.stages import Stage
from tests.integration.analytics.conftest import World
from tests.support.apis import offline_settings, serving_api
from tests.support.databases import drop_database, fresh_database


@asynccontextmanager
async def staged(engines: Engines) -> AsyncIterator[Stage]:
    """The stage on a database of its own."""
    urls = await fresh_database(engines.postgres_url, "analytics")
    async with serving_api(build(Settings(**offline_settings(urls.app)))) as api:
        world, elsewhere = World(api), World(api)
        stage = Stage(api, values={"program_id": world.program_id})
        stage.sign_in_programs()
        for name, of in (("colleague", world), ("stranger", elsewhere)):
            person_id = uuid4()
            await of.program()
            await of.hold(await of.ask(learner_id=person_id))
            stage.sign_in(name, "employee", person_id=person_id)
        stage.sign_in("owner", "employee", "program_owner", person_id=world.owner_id)
        stage.sign_in("other_owner", "employee", "program_owner", person_id=elsewhere.owner_id)
        stage.sign_in("leaver", "employee", person_id=uuid4())
        stage.sign_in("newcomer", "employee", person_id=uuid4())
        yield stage
    await drop_database(engines.postgres_url, urls)
