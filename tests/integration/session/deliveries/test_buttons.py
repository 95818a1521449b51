"""A mail is answered by a button and a page with one more, without signing in."""

import html
import re
from email.message import EmailMessage

import pytest

from tests.integration.session.deliveries.conftest import Office


def links_of(mail: EmailMessage, action: str) -> list[str]:
    """The addresses behind a button of a mail, in its text and in its page."""
    text, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text
    assert page
    found: list[str] = re.findall(rf"^{action}: (\S+)", text.get_content(), re.MULTILINE)
    assert all(html.escape(link) in page.get_content() for link in found)
    return [link.removeprefix("https://flash.test") for link in found]


@pytest.mark.parametrize(("label", "state"), [("Yes, gladly", "accepted"), ("Not this time", "declined")])
async def test_a_mentor_answers_a_mail_by_a_button_and_a_page_with_one_more(
    office: Office, label: str, state: str
) -> None:
    learner, mentor = await office.people()
    session_id = await office.world.asked(learner, mentor)
    await office.deliver()
    (link,) = links_of(office.mails.taken[0], label)
    client, accept = office.world.api.client, {"Accept": "text/html,*/*"}
    for _ in range(2):
        page = await client.get(link, headers=accept)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert page.text.count('<form method="post">') == 1
    assert "Anfrage" in (await client.get(link.replace("=en", "=de"), headers=accept)).text
    assert (await client.get(link)).json()["possible"] is True, "looking changes nothing, and programs get JSON"
    assert await office.world.state(learner, session_id) == "requested"
    done = await client.post(link, headers=accept, data={})
    assert (done.status_code, "That is done" in done.text) == (200, True)
    assert await office.world.state(learner, session_id) == state
    again = await client.post(link, headers=accept, data={})
    assert (again.status_code, "This link is over" in again.text) == (409, True)
    assert "<form" not in (await client.get(link, headers=accept)).text
    assert (await client.get("/api/v1/one-tap/x", headers=accept)).status_code == 404


async def test_a_mentor_paused_for_silence_is_back_by_a_button_of_the_mail(office: Office) -> None:
    _, mentor = await office.people()
    for _ in range(3):
        await office.world.asked(await office.world.person(), mentor)
    await office.world.execute("UPDATE session SET expires_at = now() - interval '1 second'")
    await office.world.settle()
    await office.deliver()
    (link,) = [link for mail in office.mails.taken for link in links_of(mail, "I am back")]
    done = await office.world.api.client.post(link, headers={"Accept": "text/html"})
    assert (done.status_code, "That is done" in done.text) == (200, True)
    assert (await office.world.get(mentor, "/me/availability")).json()["silent_since"] is None
