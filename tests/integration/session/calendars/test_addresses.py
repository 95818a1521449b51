"""The address of a calendar: read with care, sealed, and told to nobody."""

import base64
import os
from datetime import timedelta
from typing import Any

import pytest
from flash_local.databases import DatabaseUrls
from flash_schemas.erasure import ErasureRequestedV1
from session_service.erasure import erase

from tests.integration.session.calendars.conftest import (
    Host,
    a_world,
    connected,
    event,
    next_days,
    pair,
    passes,
    put,
    slots,
    text,
)
from tests.integration.session.conftest import World
from tests.support.apis import MASTER_KEY
from tests.support.certificates import Certificate
from tests.support.commands import run


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


async def test_a_redirect_is_followed_to_a_calendar_and_nowhere_else(world: World, host: Host) -> None:
    me = await world.person()
    host.calendar("/real", text())
    assert (await put(world, me, url=host.redirect("/moved", "/real"))).status_code == 204
    for to in ("http://localhost/x", "file:///etc/passwd", host.url("/round"), "https://user:pw@localhost/"):
        assert (await put(world, me, url=host.redirect("/round", to))).status_code == 422


@pytest.mark.parametrize("what", ["missing", "html", "large", "endless", "elsewhere"])
async def test_whatever_is_wrong_with_an_address_the_answer_is_the_same(
    session_database: DatabaseUrls, certificate: Certificate, host: Host, what: str
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
    session_database: DatabaseUrls, certificate: Certificate, host: Host
) -> None:
    async with a_world(session_database, certificate, calendar_timeout_ms=200) as world:
        assert (await put(world, await world.person(), url=host.url("/silence"))).status_code == 422


async def test_nothing_of_this_network_is_asked(
    session_database: DatabaseUrls, certificate: Certificate, host: Host
) -> None:
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
    session_database: DatabaseUrls, certificate: Certificate, host: Host
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


async def test_nothing_is_left_of_the_time_of_who_is_forgotten(world: World, host: Host) -> None:
    me = await world.person()
    await connected(world, me, host.calendar("/m", text()))
    async with world.api.database.transaction() as transaction:
        await erase(transaction, ErasureRequestedV1(person_id=me, reason="own_request", profile_version=9))
        assert await transaction.fetchval("SELECT count(*) FROM calendar") == 0
