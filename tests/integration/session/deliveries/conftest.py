"""People with addresses, a mail server that takes what it is told to, and the workers that send, run by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flash_local.databases import DatabaseUrls
from session_service.app import build
from session_service.notices.operating import deliveries as command
from session_service.notices.planning import plan_some
from session_service.notices.post import Post
from session_service.notices.sending import Sender
from session_service.settings import Settings

from tests.integration.session.conftest import World
from tests.support.apis import offline_settings, serving_api
from tests.support.mail_server import MailServer, mail_server

SLACK = "https://hooks.slack.com/services/T/B/x"


@dataclass
class Office:
    """People with addresses, a mail server, and the two workers, run by hand."""

    world: World
    mails: MailServer
    settings: Settings
    post: Post

    async def people(self) -> tuple[UUID, UUID]:
        """A learner and a mentor."""
        learner = await self.world.person(name="Amara Okafor", email="amara@aurora.example")
        return learner, await self.world.person(
            name="李秀英", email="xiuying@aurora.example", time_zone="Asia/Shanghai"
        )

    async def plan(self) -> None:
        while await plan_some(self.world.api.database, self.post, 3):
            pass

    def sender(self, **values: Any) -> Sender:
        return Sender(self.world.api.database, self.post, self.settings.model_copy(update=values))

    async def deliver(self, **values: Any) -> None:
        """Everything that is due has been tried once."""
        await self.plan()
        while await self.sender(**values)():
            pass

    async def states(self) -> list[str]:
        async with self.world.api.database.connection() as connection:
            rows = await connection.fetch("SELECT state FROM delivery ORDER BY changed_at")
        return [row["state"] for row in rows]

    async def set(self, change: str) -> None:
        async with self.world.api.database.connection() as connection:
            await connection.execute(f"UPDATE delivery SET {change}")

    async def operate(self, *arguments: str) -> int:
        return await command(self.world.api.service, arguments)

    @property
    def ids(self) -> list[str]:
        """Message-IDs of what was taken."""
        return [mail["Message-ID"] for mail in self.mails.taken]


@asynccontextmanager
async def an_office(database: DatabaseUrls, mails: MailServer, **values: Any) -> AsyncIterator[Office]:
    """An office that sends by this server."""
    usual = {"smtp_host": "localhost", "smtp_port": mails.port, "smtp_tls": "none", "public_url": "https://flash.test"}
    sender = {"mail_from": "Flash Mentoring <noreply@aurora.example>"}
    settings = Settings(**offline_settings(database.app), **{**usual, **sender, **values})
    service = build(settings)
    async with serving_api(service) as api:
        world = World(api)
        await world.program()
        post: Any = service.state["post"]
        yield Office(world, mails, settings, post)


@pytest.fixture
async def office(session_database: DatabaseUrls) -> AsyncIterator[Office]:
    async with mail_server() as mails, an_office(session_database, mails) as office:
        yield office
