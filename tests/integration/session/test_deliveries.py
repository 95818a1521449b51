"""Mail and chat: each message is handed over once at most, and what does not go out is seen and can be mended."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import httpx2
import icalendar
import pytest
from chassis.consumer import Delivery
from flash_local.databases import DatabaseUrls
from flash_schemas.erasure import ErasureRequestedV1
from prometheus_client import REGISTRY
from session_service.app import build
from session_service.erasure import take_erasures
from session_service.notices.channels.chat import Chats
from session_service.notices.operating import deliveries as command
from session_service.notices.planning import plan_some
from session_service.notices.post import Post
from session_service.notices.sending import Sender, keep_house
from session_service.restored import send_nothing_old
from session_service.settings import Settings

from tests.integration.session.conftest import World
from tests.integration.session.test_notices import PATH, choose
from tests.support.apis import offline_settings, serving_api
from tests.support.deliveries import delivery
from tests.support.mail_server import HANG_UP, TAKE_AND_HANG_UP, MailServer, mail_server

SLACK = "https://hooks.slack.com/services/T/B/x"
TEAMS = "https://contoso.webhook.office.com/webhookb2/x"


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


@pytest.fixture
async def office(session_database: DatabaseUrls) -> AsyncIterator[Office]:
    async with AsyncExitStack() as exits:
        mails = await exits.enter_async_context(mail_server())
        values: dict[str, Any] = {
            **{
                "smtp_host": "127.0.0.1",
                "smtp_port": mails.port,
                "smtp_tls": "none",
                "public_url": "https://flash.test",
            },
            "mail_from": "Flash Mentoring <noreply@aurora.example>",
        }
        settings = Settings(**offline_settings(session_database.app), **values)
        service = build(settings)
        world = World(await exits.enter_async_context(serving_api(service)))
        await world.program()
        post: Any = service.state["post"]
        yield Office(world, mails, settings, post)


async def test_a_mentor_gets_a_mail_in_two_forms_for_a_request(office: Office) -> None:
    learner, mentor = await office.people()
    session_id = await office.world.asked(learner, mentor)
    await office.deliver()
    (mail,) = office.mails.taken
    assert office.mails.to == ["xiuying@aurora.example"]
    assert (mail["To"], mail["From"]) == ("李秀英 <xiuying@aurora.example>", "Flash Mentoring <noreply@aurora.example>")
    assert mail["Subject"] == "Amara Okafor asks you for 30 minutes"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None, "others wait for an answer to this"
    assert mail.get_content_type() == "multipart/alternative"
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part
        assert f"https://flash.test/sessions/{session_id}" in part.get_content()
        assert "Hello!" not in part.get_content()
        assert "Reports" not in part.get_content()
    assert await office.states() == ["sent"]
    await office.deliver()
    assert len(office.mails.taken) == 1


async def test_whether_there_is_a_mail_server_is_measured_from_the_start(
    office: Office, session_database: DatabaseUrls
) -> None:
    without = build(Settings(**offline_settings(session_database.app)))
    for service, expected in ((office.world.api.service, 1), (without, 0)):
        for opened in service.opened:
            await opened()
        assert REGISTRY.get_sample_value("flash_mail_configured") == expected


async def test_without_a_mail_server_or_an_address_no_mail_is_made(office: Office) -> None:
    learner, database = await office.world.person(), office.world.api.database
    for post, email in ((replace(office.post, mail=None), "a@b.example"), (office.post, None)):
        mentor = await office.world.person(email=email)
        await office.world.asked(learner, mentor)
        assert not await plan_some(database, post, 10)
        assert (await office.world.get(mentor, PATH)).json()["unread"] == 1
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM notice WHERE planned_at IS NULL") == 0
    assert await office.states() == []


@pytest.mark.parametrize("refused", ["451 try again later", "421 too many"])
async def test_what_the_server_refuses_for_now_is_tried_again_as_the_same_mail(office: Office, refused: str) -> None:
    await office.world.asked(*await office.people())
    office.mails.answers = [refused]
    await office.deliver()
    assert (await office.states(), office.mails.taken) == (["retry"], [])
    await office.deliver()
    assert office.mails.taken == [], "not at once"
    await office.set("due_at = now()")
    await office.deliver()
    async with office.world.api.database.connection() as connection:
        delivery_id = await connection.fetchval(
            "SELECT delivery_id FROM delivery WHERE state = 'sent' AND attempts = 2"
        )
    assert office.ids == [f"<{delivery_id}@aurora.example>"]


async def test_what_is_refused_for_good_or_too_often_fails_is_counted_and_can_be_retried(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    await office.world.asked(*await office.people())
    office.mails.answers = ["550 no such mailbox"]
    await office.deliver()
    assert await office.states() == ["failed"]
    await keep_house(office.world.api.database, 90, 10)
    assert REGISTRY.get_sample_value("flash_deliveries_in_trouble", {"state": "failed"}) == 1
    capsys.readouterr()  # what was logged before
    assert await office.operate("list") == 0
    _, line, summary = capsys.readouterr().out.splitlines()
    assert summary == "1 in trouble."
    assert "550" in line
    assert await office.operate("retry", line.split()[0]) == 0
    office.mails.answers = ["451 later"] * 2
    await office.deliver(delivery_attempts=2)
    await office.set("due_at = now()")
    await office.deliver(delivery_attempts=2)
    assert await office.states() == ["failed"]
    assert await office.operate("drop", line.split()[0]) == 0
    assert await office.states() == ["dropped"]
    assert await office.operate("retry", line.split()[0], str(uuid4())) == 2, "what is given up stays so"


async def test_a_server_that_is_away_is_waited_for(office: Office) -> None:
    await office.world.asked(*await office.people())
    assert office.post.mail
    away = replace(office.post, mail=replace(office.post.mail, port=1))
    await office.plan()
    await Sender(office.world.api.database, away, office.settings)()
    assert await office.states() == ["retry"]
    await office.set("due_at = now()")
    await office.deliver()
    assert len(office.mails.taken) == 1


@pytest.mark.parametrize(("lost", "taken"), [(HANG_UP, 0), (TAKE_AND_HANG_UP, 1)])
async def test_a_mail_whose_end_nobody_saw_is_not_sent_again_by_itself(office: Office, lost: str, taken: int) -> None:
    await office.world.asked(*await office.people())
    office.mails.answers = [lost]
    await office.deliver()
    assert await office.states() == ["unknown"]
    await office.set("due_at = now(), changed_at = now() - interval '1 day'")
    await office.deliver()
    assert len(office.mails.taken) == taken
    async with office.world.api.database.connection() as connection:
        delivery_id = str(await connection.fetchval("SELECT delivery_id FROM delivery"))
    assert await office.operate("retry", delivery_id) == 0
    await office.deliver()
    assert {*office.ids} == {f"<{delivery_id}@aurora.example>"}


async def test_a_worker_that_ended_before_it_let_go_is_replaced_and_one_that_ended_after_is_not(office: Office) -> None:
    await office.world.asked(*await office.people())
    await office.plan()
    await office.set("state = 'claimed', attempts = 1, changed_at = now() - interval '1 hour'")
    await office.deliver()
    assert (await office.states(), len(office.mails.taken)) == (["sent"], 1)
    await office.set("state = 'sending', changed_at = now() - interval '1 hour'")
    await office.deliver()
    assert (await office.states(), len(office.mails.taken)) == (["unknown"], 1)


async def test_who_was_replaced_meanwhile_lets_go_of_nothing(office: Office) -> None:
    await office.world.asked(*await office.people())
    await office.plan()
    slow = office.sender()
    first = slow._send

    async def too_slow(claimed: Any) -> None:
        await office.set("attempts = attempts + 1")
        await first(claimed)

    slow._send = too_slow  # type: ignore[method-assign,assignment] # what another worker does while this one sleeps
    await slow()
    assert (await office.states(), office.mails.taken) == (["claimed"], [])


async def test_many_workers_send_each_mail_once(office: Office) -> None:
    learner, mentor = await office.people()
    for _ in range(5):
        await office.world.asked(await office.world.person(name="N"), mentor)
        await office.world.asked(learner, await office.world.person(email="a@b.example"))
    database = office.world.api.database
    await asyncio.gather(*(plan_some(database, office.post, 3) for _ in range(4)))
    await office.plan()
    senders = [office.sender(delivery_batch=3) for _ in range(3)]

    async def work(sender: Sender) -> None:
        while await sender():
            pass

    await asyncio.gather(*(work(sender) for sender in senders))
    assert (len(office.ids), len({*office.ids})) == (10, 10)
    assert {*await office.states()} == {"sent"}


async def test_a_digest_is_one_mail_and_what_comes_after_it_goes_with_the_next(office: Office) -> None:
    learner, mentor = await office.people()
    await choose(office.world, mentor, choices={"asked": {"mail": "digest"}})
    for _ in range(3):
        await office.world.asked(await office.world.person(name="Somebody"), mentor)
    await office.deliver()
    assert (await office.states(), office.mails.taken) == (["waiting"], [])
    await office.set("due_at = now()")
    await office.deliver()
    (mail,) = office.mails.taken
    assert mail["Subject"] == "3 notices for you"
    await office.world.asked(learner, mentor)
    await office.deliver()
    assert await office.states() == ["sent", "waiting"]


async def test_a_digest_that_is_tried_again_takes_nothing_more(office: Office) -> None:
    learner, mentor = await office.people()
    await choose(office.world, mentor, choices={"asked": {"mail": "digest"}})
    await office.world.asked(learner, mentor)
    await office.plan()
    await office.set("due_at = now()")
    office.mails.answers = ["451 later"]
    await office.deliver()
    await office.world.asked(await office.world.person(), mentor)
    await office.plan()
    await office.set("due_at = now()")
    await office.deliver()
    subjects = [mail["Subject"] for mail in office.mails.taken]
    assert sorted(subjects) == ["Amara Okafor asks you for 30 minutes", "N asks you for 30 minutes"]


async def test_quiet_hours_hold_for_what_is_planned_and_for_what_is_due(office: Office) -> None:
    learner, mentor = await office.people()
    await office.world.asked(learner, mentor)
    await office.plan()
    always = {"since": "00:00", "until": "23:59:59.999999"}
    assert (await choose(office.world, mentor, quiet_hours=always)).status_code == 200
    await office.deliver()
    await office.world.asked(await office.world.person(), mentor)
    await office.deliver()
    assert (sorted(await office.states()), office.mails.taken) == (["retry", "waiting"], [])
    async with office.world.api.database.connection() as connection:
        assert await connection.fetchval("SELECT bool_and(due_at > now()) FROM delivery")


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


def invited(mail: EmailMessage) -> tuple[str, str, int, list[str]]:
    """The method, UID, SEQUENCE and attendees of what a mail brings for a calendar: as a form of it, and as a file."""
    assert mail.get_content_type() == "multipart/mixed"
    forms, file = mail.iter_parts()
    assert [part.get_content_type() for part in forms.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    form = list(forms.iter_parts())[-1]
    calendar = icalendar.Calendar.from_ical(form.get_content())
    assert (form["Content-Type"].params["method"], form.get_content_charset()) == (calendar["method"], "utf-8")
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", "invite.ics")
    assert icalendar.Calendar.from_ical(file.get_content()) == calendar
    event: Any = calendar.walk("VEVENT")[0]
    return str(calendar["method"]), str(event["uid"]), event["sequence"], [str(each) for each in event["attendee"]]


async def test_a_mail_about_an_appointment_brings_it_into_calendars_and_out_of_them(office: Office) -> None:
    learner, mentor = await office.people()
    session_id = await office.world.asked(learner, mentor)
    path = f"/sessions/{session_id}"
    await office.world.post(mentor, f"{path}/accept")
    await office.deliver()
    told = len(office.mails.taken)
    for step, body in (
        ("schedule", {"starts_at": "2030-01-01T12:00:00Z"}),
        ("schedule", {"starts_at": "2030-01-02T12:00:00Z"}),
        ("cancel", {}),
    ):
        assert (await office.world.post(mentor, f"{path}/{step}", body)).status_code == 200
        await office.deliver()
    assert [mail.get_content_type() for mail in office.mails.taken[:told]] == ["multipart/alternative"] * told
    seen = [invited(mail) for mail in office.mails.taken[told:]]
    both = ["mailto:amara@aurora.example", "mailto:xiuying@aurora.example"]
    assert [method for method, *_ in seen] == ["REQUEST"] * 4 + ["CANCEL"] * 2
    assert all((uid, attendees) == (session_id, both) for _, uid, _, attendees in seen)
    first, moved, ended = (sequence for _, _, sequence, _ in seen[::2])
    assert first < moved < ended
    assert [sequence for _, _, sequence, _ in seen[1::2]] == [first, moved, ended], "the same for both"


async def test_a_time_that_is_another_by_now_is_not_told_any_more(office: Office) -> None:
    learner, mentor = await office.people()
    path = f"/sessions/{await office.world.asked(learner, mentor)}"
    await office.world.post(mentor, f"{path}/accept")
    for day in (1, 2):
        await office.world.post(mentor, f"{path}/schedule", {"starts_at": f"2030-01-0{day}T12:00:00Z"})
    await office.deliver()
    subjects = [mail["Subject"] for mail in office.mails.taken if "meet" in mail["Subject"]]
    assert len(subjects) == 2
    assert all("2 January 2030" in subject for subject in subjects)


async def test_what_was_seen_in_the_app_or_is_over_is_not_sent(office: Office) -> None:
    learner, mentor = await office.people()
    session_id = await office.world.asked(learner, mentor)
    await office.plan()
    await office.world.post(mentor, f"{PATH}/read", {})
    await office.deliver()
    other = await office.world.person(email="o@aurora.example")
    session_id = await office.world.asked(other, mentor)
    await office.plan()
    await choose(office.world, mentor, choices={"withdrawn": {"mail": "off"}})
    await office.world.post(other, f"/sessions/{session_id}/withdraw")
    await office.deliver()
    assert (await office.states(), office.mails.taken) == (["dropped", "dropped"], [])


@pytest.mark.parametrize("wanted", [True, False])
async def test_words_of_others_go_by_mail_only_to_who_chose_it(office: Office, wanted: bool) -> None:
    learner, mentor = await office.people()
    for person_id in (learner, mentor):
        await choose(office.world, person_id, message_text=wanted)
    session_id = await office.world.asked(learner, mentor)
    await office.world.post(mentor, f"/sessions/{session_id}/messages", {"text": "Bring the figures."})
    await office.deliver()
    texts = "".join(str(part) for mail in office.mails.taken for part in mail.iter_parts())
    assert (len(office.mails.taken), "Reports" in texts, "Bring the figures." in texts) == (2, wanted, wanted)


async def test_a_mail_that_somebody_may_do_without_ends_by_one_click_without_signing_in(office: Office) -> None:
    learner, mentor = await office.people()
    session_id = await office.world.asked(learner, mentor)
    path = f"/sessions/{session_id}/messages"
    await office.world.post(mentor, path, {"text": "One"})
    await office.deliver()
    mail = next(mail for mail in office.mails.taken if mail["List-Unsubscribe"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>").removeprefix("https://flash.test")
    client = office.world.api.client
    page = await client.get(link)
    assert (page.status_code, "<form" in page.text) == (200, True)
    await office.world.post(learner, path, {"text": "Two"})
    await office.world.post(mentor, path, {"text": "Three"})
    await office.deliver()
    assert len([mail for mail in office.mails.taken if mail["List-Unsubscribe"]]) == 2, "looking at it ends nothing"
    for _ in range(2):
        done = await client.post(link, content="List-Unsubscribe=One-Click")
        assert done.status_code == 200, done.text
    await office.world.post(learner, path, {"text": "Four"})
    await office.world.post(mentor, path, {"text": "Five"})
    await office.deliver()
    assert office.mails.to.count("amara@aurora.example") == 2
    assert (await client.get(link[:-1])).status_code == 404


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


async def test_nothing_is_sent_to_or_kept_of_who_is_forgotten(office: Office) -> None:
    learner, mentor = await office.people()
    await choose(office.world, mentor, slack_webhook=SLACK)
    await office.world.asked(learner, mentor)
    await office.plan()
    event = ErasureRequestedV1(person_id=mentor, reason="own_request", profile_version=9)
    asked: Delivery = delivery(event, 1)
    async with office.world.api.database.transaction() as transaction:
        await take_erasures(transaction, [asked])
    await office.world.settle()
    await office.deliver()
    assert "xiuying@aurora.example" not in office.mails.to
    async with office.world.api.database.connection() as connection:
        for table in ("contact", "notice", "delivery", "notice_preferences"):
            query = f"SELECT count(*) FROM {table} WHERE person_id = $1"
            assert await connection.fetchval(query, mentor) == 0, table
    assert (await choose(office.world, mentor)).status_code == 404


async def test_what_a_newer_release_told_is_left_to_it(office: Office) -> None:
    learner, mentor = await office.people()
    await office.world.asked(learner, mentor)
    await office.plan()
    await office.world.asked(await office.world.person(), mentor)
    async with office.world.api.database.connection() as connection:
        await connection.execute("UPDATE notice SET kind = 'not known yet'")
    await office.deliver()
    feed = (await office.world.get(mentor, PATH)).json()
    assert (await office.states(), feed["items"], feed["unread"]) == (["waiting"], [], 0)
    async with office.world.api.database.connection() as connection:
        await connection.execute("UPDATE notice SET kind = 'asked'")
    await office.deliver()
    assert len(office.mails.taken) == 2


async def test_after_a_restore_nothing_of_before_goes_out(office: Office) -> None:
    learner, mentor = await office.people()
    await office.world.asked(learner, mentor)
    await office.plan()
    await office.world.asked(await office.world.person(), mentor)
    await send_nothing_old(office.world.api.service)
    await office.deliver()
    assert (await office.states(), office.mails.taken) == (["dropped"], [])
    assert (await office.world.get(mentor, PATH)).json()["unread"] == 2
    await office.world.asked(await office.world.person(), mentor)
    await office.deliver()
    assert len(office.mails.taken) == 1, "what happens now does"
