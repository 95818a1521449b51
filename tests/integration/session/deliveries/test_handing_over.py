"""Each message is handed over once at most, and what does not go out is seen and can be mended."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from session_service.notices.channels.mail import Letter, MailServer
from session_service.notices.channels.outcome import HandOver, Outcome
from session_service.notices.planning import plan_some
from session_service.notices.sending import Sender, keep_house

from tests.integration.session.deliveries.conftest import Office
from tests.integration.session.feed import choose
from tests.support.mail_server import HANG_UP, TAKE_AND_HANG_UP

IN_TROUBLE = """
INSERT INTO delivery (person_id, channel, digest, due_at, state)
SELECT gen_random_uuid(), 'mail', false, now(), 'failed' FROM generate_series(1, $1)
"""


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
    assert summary == "1 in trouble: 1 failed, 0 unknown."
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


async def oldest_s(office: Office) -> float:
    await keep_house(office.world.api.database, 90, 10)
    shown = REGISTRY.get_sample_value("flash_delivery_oldest_seconds")
    assert shown is not None
    return shown


async def test_what_the_server_keeps_refusing_shows_how_long_it_has_waited_in_all(office: Office) -> None:
    learner, mentor = await office.people()
    await office.world.asked(learner, mentor)
    await office.plan()
    await office.set("due_at = now() - interval '20 minutes'")
    office.mails.answers = ["451 later"] * 2
    await office.deliver()
    await office.set("due_at = now()")
    await office.deliver()
    assert await office.states() == ["retry"]
    assert await oldest_s(office) == pytest.approx(20 * 60, abs=60)
    await office.set("due_at = now()")
    await office.deliver()
    assert (await office.states(), await oldest_s(office)) == (["sent"], 0)


async def test_what_quiet_hours_put_off_is_not_late(office: Office) -> None:
    learner, mentor = await office.people()
    await office.world.asked(learner, mentor)
    await office.plan()
    await office.set("due_at = now() - interval '20 minutes'")
    await choose(office.world, mentor, quiet_hours={"since": "00:00", "until": "23:59:59.999999"})
    await office.deliver()
    assert (await office.states(), await oldest_s(office)) == (["retry"], 0)


async def test_all_that_failed_is_retried_at_once_but_not_what_may_be_out(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    _, mentor = await office.people()
    for answer in ("550 no such mailbox", "550 no such mailbox", HANG_UP):
        await office.world.asked(await office.world.person(), mentor)
        office.mails.answers = [answer]
        await office.deliver()
    assert await office.operate("retry", "--all", "failed") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 done."
    await office.deliver()
    assert sorted(await office.states()) == ["sent", "sent", "unknown"]
    assert await office.operate("drop", "--all", "unknown") == 0
    assert sorted(await office.states()) == ["dropped", "sent", "sent"]


async def test_however_many_are_in_trouble_they_are_counted(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    async with office.world.api.database.connection() as connection:
        await connection.execute(IN_TROUBLE, 1_001)
    capsys.readouterr()
    assert await office.operate("list") == 0
    summary = capsys.readouterr().out.splitlines()[-1]
    assert summary == "1001 in trouble: 1001 failed, 0 unknown; these are the 1000 oldest."


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


async def test_a_message_that_cannot_be_written_at_present_is_tried_again_and_holds_up_no_other(office: Office) -> None:
    learner, mentor = await office.people()
    await choose(office.world, mentor, message_text=True)
    session_id = await office.world.asked(learner, mentor)
    await office.world.post(learner, f"/sessions/{session_id}/messages", {"text": "Are you there?"})
    await office.world.execute("UPDATE conversation_key SET master_key = 'another'")
    await office.world.asked(*await office.people())
    await office.plan()
    await office.set("due_at = now()")
    await office.deliver()
    assert sorted(set(await office.states())) == ["retry", "sent"]
    await office.world.execute("UPDATE conversation_key SET master_key = $1", office.world.keyring.newest)
    await office.set("due_at = now()")
    await office.deliver()
    assert set(await office.states()) == {"sent"}


async def test_what_nobody_foresaw_while_a_message_is_sent_leaves_it_unknown_and_holds_up_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm, failures = MailServer.send, [LookupError("x")]

    async def unforeseen(self: MailServer, letter: Letter, hand_over: HandOver) -> Outcome:
        if failures:
            await hand_over()
            raise failures.pop()
        return await calm(self, letter, hand_over)

    monkeypatch.setattr(MailServer, "send", unforeseen)
    for _ in range(2):
        await office.world.asked(*await office.people())
    await office.deliver()
    assert sorted(await office.states()) == ["sent", "unknown"]
