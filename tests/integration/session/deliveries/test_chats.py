"""Chats get a message at a person's own webhook, and are handled like mail."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from session_service.notices.channels.chat import Chats

from tests.integration.session.deliveries.conftest import SLACK, Office
from tests.integration.session.feed import choose

TEAMS = "https://contoso.webhook.office.com/webhookb2/x"


async def test_chats_get_a_message_at_their_own_address_and_nowhere_else(office: Office) -> None:
    posted: list[tuple[str, Any]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        posted.append((str(request.url), request.content.decode()))
        return httpx2.Response(200)

    chats = replace(office.post.chats, transport=httpx2.MockTransport(answer))
    office.post = replace(office.post, chats=chats, mail=None)
    learner, mentor = await office.world.person(name="<!channel> Amara"), await office.world.person()
    await choose(office.world, mentor, slack_webhook=SLACK, teams_webhook=TEAMS)
    await office.world.asked(learner, mentor)
    await office.deliver()
    assert sorted(url for url, _ in posted) == [TEAMS, SLACK]
    assert "&lt;!channel&gt; Amara" in dict(posted)[SLACK]
    assert "AdaptiveCard" in dict(posted)[TEAMS]
    assert await office.states() == ["sent", "sent"]


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (httpx2.Response(503), "retry"),
        (httpx2.Response(410), "failed"),
        (httpx2.Response(302, headers={"Location": "http://127.0.0.1/"}), "failed"),
        (httpx2.ConnectError("away"), "retry"),
        (httpx2.ReadTimeout("slow"), "unknown"),
    ],
)
async def test_a_chat_that_does_not_take_a_message_is_handled_like_mail(office: Office, fault: Any, state: str) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if isinstance(fault, Exception):
            raise fault
        return httpx2.Response(fault.status_code, headers=fault.headers)

    hosts = office.post.chats.hosts
    office.post = replace(office.post, chats=Chats(hosts, transport=httpx2.MockTransport(answer)), mail=None)
    learner, mentor = await office.world.person(), await office.world.person()
    await choose(office.world, mentor, slack_webhook=SLACK)
    await office.world.asked(learner, mentor)
    await office.deliver()
    assert await office.states() == [state]


@pytest.mark.parametrize("added", ["\n", "\t", "\x7f"])
async def test_an_address_that_cannot_be_asked_is_not_kept(office: Office, added: str) -> None:
    person = await office.world.person()
    tag = (await office.world.get(person, "/me/notice-preferences")).headers["ETag"]
    body = {"slack_webhook": SLACK + added}
    answer = await office.world.call(person, "PUT", "/me/notice-preferences", body, tag)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "slack_webhook")
