"""People's time: read at an address of theirs, told to nobody, and used to find when two can meet."""

import asyncio
import base64
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flash_local.databases import DatabaseUrls
from flash_schemas.erasure import ErasureRequestedV1
from session_service.app import build
from session_service.calendars import CalendarReader
from session_service.erasure import erase
from session_service.sealing import Keyring
from session_service.settings import Settings

from tests.integration.session.conftest import World
from tests.support.apis import MASTER_KEY, offline_settings, serving_api
from tests.support.commands import run

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
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of localhost, trusted by whoever is told."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now, names = datetime.now(UTC), [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    signed = made.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("host") / "host.pem"
    file.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
async def host(certificate: Path) -> AsyncIterator[Host]:
    context, host = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), Host()
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(host.serve, "127.0.0.1", ssl=context)
    host.port = server.sockets[0].getsockname()[1]
    yield host
    server.close()


@asynccontextmanager
async def a_world(urls: DatabaseUrls, certificate: Path, **values: Any) -> AsyncIterator[World]:
    usual = {"calendar_allow_private": True, "calendar_max_bytes": 100_000}
    settings = Settings(**{**offline_settings(urls.app), **usual, **values})
    service, keyring = build(settings), Keyring.of(settings.message_master_keys)
    service.state = {
        **service.state,
        "calendars": CalendarReader(settings, keyring, ssl.create_default_context(cafile=certificate)),
    }
    async with serving_api(service) as api:
        world = World(api)
        await world.program()
        yield world


@pytest.fixture
async def world(session_database: DatabaseUrls, certificate: Path) -> AsyncIterator[World]:
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


async def test_slots_leave_out_when_either_calendar_says_busy_and_tell_no_more(world: World, host: Host) -> None:
    learner, mentor, session_id = await pair(world)
    _, until = next_days(3)
    await connected(world, mentor, host.calendar("/m", text(event(*next_days(3), "SUMMARY:Doctor"))))
    await put(world, learner)
    found = await slots(world, learner, session_id)
    assert found
    assert min(found) >= until
    answer = await world.get(learner, f"/sessions/{session_id}/slots")
    assert set(answer.json()) == {"minutes", "starts_at"}


async def test_the_address_is_sealed_and_never_shown_again(world: World, host: Host) -> None:
    learner, mentor, session_id = await pair(world)
    await connected(world, mentor, host.calendar("/secret-token", text()))
    await slots(world, mentor, session_id)
    shown = [(await world.get(mentor, path)).text for path in ("/me/calendar", "/me/sessions/export")]
    shown += [
        (await world.get(learner, path)).text for path in (f"/sessions/{session_id}/slots", "/me/sessions/export")
    ]
    assert not any("secret-token" in each for each in shown)
    assert (await world.get(mentor, "/me/calendar")).json()["connected"] is True
    async with world.api.database.connection() as connection:
        row = await connection.fetchval("SELECT encode(sealed_url, 'escape') || busy::text FROM calendar")
    assert "secret-token" not in row
    assert all("secret-token" not in event.model_dump_json() for event, _ in await world.api.events())


async def test_a_calendar_is_read_again_only_when_it_is_no_longer_fresh(world: World, host: Host) -> None:
    learner, mentor, session_id = await pair(world)
    await connected(world, mentor, host.calendar("/m", text()))
    for _ in range(3):
        await slots(world, learner, session_id)
    assert host.asked == ["/m", "/m"], "when it was connected, and for the first slots"
    await passes(world, timedelta(minutes=15))
    await slots(world, learner, session_id)
    assert len(host.asked) == 3


async def test_of_a_calendar_that_cannot_be_read_the_last_state_counts_for_a_day(world: World, host: Host) -> None:
    learner, mentor, session_id = await pair(world)
    busy = next_days(3)
    await connected(world, mentor, host.calendar("/m", text(event(*busy))))
    await slots(world, learner, session_id)
    host.pages["/m"] = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
    await passes(world, timedelta(hours=23))
    assert all(start >= busy[1] for start in await slots(world, learner, session_id))
    await passes(world, timedelta(hours=2))
    assert min(await slots(world, learner, session_id)) < busy[1]


async def passes(world: World, time: timedelta) -> None:
    async with world.api.database.connection() as connection:
        query = "UPDATE calendar SET read_at = read_at - $1::interval, fresh_until = fresh_until - $1::interval"
        await connection.execute(query, time)


async def test_a_redirect_is_followed_to_a_calendar_and_nowhere_else(world: World, host: Host) -> None:
    me = await world.person()
    host.calendar("/real", text())
    assert (await put(world, me, url=host.redirect("/moved", "/real"))).status_code == 204
    for to in ("http://localhost/x", "file:///etc/passwd", host.url("/round"), "https://user:pw@localhost/"):
        assert (await put(world, me, url=host.redirect("/round", to))).status_code == 422


@pytest.mark.parametrize("what", ["missing", "html", "large", "endless", "elsewhere"])
async def test_whatever_is_wrong_with_an_address_the_answer_is_the_same(
    session_database: DatabaseUrls, certificate: Path, host: Host, what: str
) -> None:
    urls = {
        "missing": host.redirect("/missing", "/missing2"),
        "html": host.calendar("/html", "<html></html>"),
        "large": host.calendar("/large", text() + " " * 100_000),
        "endless": host.calendar("/endless", text(event(*next_days(1), "RRULE:FREQ=SECONDLY"))),
        "elsewhere": "https://localhost:1/x",
    }
    host.pages["/missing2"] = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
    async with a_world(session_database, certificate, calendar_timeout_ms=3_000) as world:
        answer = await put(world, await world.person(), url=urls[what])
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "url", "detail": "No calendar can be read at this address."}]


async def test_who_does_not_answer_is_not_waited_for(
    session_database: DatabaseUrls, certificate: Path, host: Host
) -> None:
    async with a_world(session_database, certificate, calendar_timeout_ms=200) as world:
        assert (await put(world, await world.person(), url=host.url("/silence"))).status_code == 422


async def test_nothing_of_this_network_is_asked(session_database: DatabaseUrls, certificate: Path, host: Host) -> None:
    async with a_world(session_database, certificate, calendar_allow_private=False) as world:
        for name in ("localhost", "127.0.0.1", "[::1]", "0x7f000001", "[::ffff:127.0.0.1]"):
            url = host.calendar("/m", text()).replace("localhost", name)
            assert (await put(world, await world.person(), url=url)).status_code == 422
    assert host.asked == []


async def test_an_address_in_the_row_of_another_is_not_asked(world: World, host: Host) -> None:
    learner, mentor, session_id = await pair(world)
    await connected(world, mentor, host.calendar("/m", text()))
    await connected(world, learner, host.calendar("/l", text()))
    await world.execute(
        "UPDATE calendar SET sealed_url = (SELECT sealed_url FROM calendar WHERE person_id = $1)", mentor
    )
    assert await slots(world, learner, session_id)
    assert host.asked == ["/m", "/l", "/m"], "when they were connected, and its owner's own"


async def test_a_new_master_key_seals_addresses_anew_and_the_old_one_is_not_needed_any_more(
    session_database: DatabaseUrls, certificate: Path, host: Host
) -> None:
    new = base64.urlsafe_b64encode(os.urandom(32)).decode()
    async with a_world(session_database, certificate) as world:
        learner, mentor, session_id = await pair(world)
        await connected(world, mentor, host.calendar("/m", text()))
        both = world.api.service.settings.model_copy(update={"message_master_keys": f"{new},{MASTER_KEY}"})
        status, lines = await run("session_service", both, "rewrap")
        assert (status, lines[-1].split()[0]) == (0, "2"), "the key of the first message, and the address"
        await slots(world, learner, session_id)
        assert host.asked == ["/m"], "this process has the old one only"
    async with a_world(session_database, certificate, message_master_keys=new) as world:
        await passes(world, timedelta(minutes=15))
        await slots(world, learner, session_id)
    assert host.asked == ["/m", "/m"]


async def test_slots_are_in_the_hours_of_both_and_beside_what_is_agreed(world: World) -> None:
    learner, mentor, session_id = await pair(world)
    monday = {"time_zone": "Europe/Berlin", "work_from": "10:00", "work_until": "11:00", "work_days": [1]}
    await put(world, mentor, **monday)
    before = await slots(world, learner, session_id)
    assert before
    _, other, other_id = await pair(world)
    await world.post(other, f"/sessions/{other_id}/accept")
    third = await world.asked(await world.person(), mentor)
    await world.post(mentor, f"/sessions/{third}/accept")
    await world.post(mentor, f"/sessions/{third}/schedule", {"starts_at": before[0].isoformat()})
    after = await slots(world, learner, session_id)
    assert all(abs(start - before[0]) >= timedelta(minutes=30) for start in after)
    assert await slots(world, mentor, session_id) == after


async def test_who_said_nothing_of_their_hours_has_usual_ones_where_they_are(world: World) -> None:
    learner, mentor, session_id = await pair(world)
    await put(world, mentor, time_zone="UTC", work_from="00:00", work_until="12:00", work_days=[1, 2, 3, 4, 5])
    await world.person(learner, time_zone="Asia/Tokyo")
    found = await slots(world, learner, session_id)
    assert found
    assert {start.astimezone(UTC).hour for start in found} <= set(range(8)), "five there is eight here"


async def test_hours_are_changed_without_saying_the_address_again(world: World, host: Host) -> None:
    me = await world.person()
    await connected(world, me, host.calendar("/m", text()))
    assert (await put(world, me, work_from="08:00")).status_code == 204
    seen = (await world.get(me, "/me/calendar")).json()
    assert (seen["work_from"], seen["connected"]) == ("08:00:00", True)
    headers = world.api.callers.sign_in("employee", person_id=me)
    assert (await world.api.client.delete("/api/v1/me/calendar", headers=headers)).status_code == 204
    assert (await world.get(me, "/me/calendar")).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"work_days": [8]}, "work_days[0]"),
        ({"work_from": "09:00+02:00"}, "work_from"),
        ({"url": "http://example.org/x"}, "url"),
    ],
)
async def test_what_cannot_be_is_refused_by_field(world: World, body: dict[str, Any], field: str) -> None:
    refused = await put(world, await world.person(), **body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_slots_are_for_the_two_alone_and_while_there_is_something_to_agree(world: World) -> None:
    learner, mentor, session_id = await pair(world)
    assert (await world.get(await world.person(), f"/sessions/{session_id}/slots")).status_code == 404
    await world.post(mentor, f"/sessions/{session_id}/decline", {})
    assert (await world.get(learner, f"/sessions/{session_id}/slots")).status_code == 409


async def test_nothing_is_left_of_the_time_of_who_is_forgotten(world: World, host: Host) -> None:
    me = await world.person()
    await connected(world, me, host.calendar("/m", text()))
    async with world.api.database.transaction() as transaction:
        await erase(transaction, ErasureRequestedV1(person_id=me, reason="own_request", profile_version=9))
        assert await transaction.fetchval("SELECT count(*) FROM calendar") == 0
