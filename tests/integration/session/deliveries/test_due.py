"""When a message goes out, and when it is too late or nobody's business any more."""

from chassis.consumer import Delivery
from flash_schemas.erasure import ErasureRequestedV1
from session_service.erasure import take_erasures
from session_service.restored import send_nothing_old

from tests.integration.session.deliveries.conftest import SLACK, Office
from tests.integration.session.feed import PATH, choose
from tests.support.deliveries import delivery


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
