"""Calendars on a host of their own, and people who connect them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flash_local.databases import DatabaseUrls
from session_service.app import build
from session_service.calendars import CalendarReader
from session_service.sealing import Keyring
from session_service.settings import Settings

from tests.integration.session.conftest import World
from tests.support.apis import offline_settings, serving_api
from tests.support.certificates import Certificate, localhost

ALWAYS = {"time_zone": "UTC", "work_from": "00:00", "work_until": "23:59", "work_days": [1, 2, 3, 4, 5, 6, 7]}
HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"


def event(start: datetime, end: datetime, *more: str) -> str:
    lines = [
        "BEGIN:VEVENT",
        "UID:1",
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{end:%Y%m%dT%H%M%SZ}",
        *more,
        "END:VEVENT",
    ]
    return "".join(f"{line}\r\n" for line in lines)


def text(*events: str) -> str:
    return f"{HEAD}{''.join(events)}END:VCALENDAR\r\n"


@dataclass
class Host:
    """A host of calendars: what it answers at each path, and what it was asked for."""

    port: int = 0
    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"https://localhost:{self.port}{path}"

    def calendar(self, path: str, content: str) -> str:
        """The address at which this calendar is from now on."""
        self.pages[path] = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n{content}"
        return self.url(path)

    def redirect(self, path: str, to: str) -> str:
        self.pages[path] = f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
        return self.url(path)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        path = request.split()[1].decode()
        self.asked.append(path)
        if path in self.pages:
            writer.write(self.pages[path].encode())
        else:  # no answer at all
            await reader.read()
        writer.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Of the host, trusted by the reader of calendars, which is told."""
    return localhost(tmp_path_factory.mktemp("host"))


@pytest.fixture
async def host(certificate: Certificate) -> AsyncIterator[Host]:
    host = Host()
    server = await asyncio.start_server(host.serve, "127.0.0.1", ssl=certificate.server)
    host.port = server.sockets[0].getsockname()[1]
    yield host
    server.close()


@asynccontextmanager
async def a_world(urls: DatabaseUrls, certificate: Certificate, **values: Any) -> AsyncIterator[World]:
    usual = {"calendar_allow_private": True, "calendar_max_bytes": 100_000}
    settings = Settings(**{**offline_settings(urls.app), **usual, **values})
    service, keyring = build(settings), Keyring.of(settings.message_master_keys)
    service.state = {
        **service.state,
        "calendars": CalendarReader(settings, keyring, certificate.client),
    }
    async with serving_api(service) as api:
        world = World(api)
        await world.program()
        yield world


@pytest.fixture
async def world(session_database: DatabaseUrls, certificate: Certificate) -> AsyncIterator[World]:
    async with a_world(session_database, certificate) as world:
        yield world


async def put(world: World, by: UUID, **values: Any) -> Any:
    headers = world.api.callers.sign_in("employee", person_id=by)
    return await world.api.client.put("/api/v1/me/calendar", json={**ALWAYS, **values}, headers=headers)


async def connected(world: World, by: UUID, url: str) -> None:
    answer = await put(world, by, url=url)
    assert answer.status_code == 204, answer.text


async def pair(world: World) -> tuple[UUID, UUID, str]:
    learner, mentor = await world.person(), await world.person()
    return learner, mentor, await world.asked(learner, mentor)


async def slots(world: World, by: UUID, session_id: str) -> list[datetime]:
    answer = await world.get(by, f"/sessions/{session_id}/slots")
    assert answer.status_code == 200, answer.text
    return [datetime.fromisoformat(start) for start in answer.json()["starts_at"]]


def next_days(days: int) -> tuple[datetime, datetime]:
    now = datetime.now(UTC).replace(microsecond=0)
    return now - timedelta(hours=1), now + timedelta(days=days)


async def passes(world: World, time: timedelta) -> None:
    async with world.api.database.connection() as connection:
        query = "UPDATE calendar SET read_at = read_at - $1::interval, fresh_until = fresh_until - $1::interval"
        await connection.execute(query, time)
