"""What a mail says, to whom there is one, and who may do without."""

from dataclasses import replace

import pytest
from flash_local.databases import DatabaseUrls
from prometheus_client import REGISTRY
from session_service.app import build
from session_service.notices.planning import plan_some
from session_service.settings import Settings

from tests.integration.session.deliveries.conftest import Office
from tests.integration.session.feed import PATH, choose
from tests.support.apis import offline_settings


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
