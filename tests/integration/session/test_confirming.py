"""Who did not confirm their skills for 180 days is asked once, as they chose, unless they confirm before."""

import asyncio
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from chassis.consumer import Delivery
from flash_schemas.erasure import ErasureRequestedV1
from flash_schemas.profile import SKILL_CONFIRMED_DAYS
from session_service.commands import ask_to_confirm
from session_service.erasure import take_erasures
from session_service.restored import send_nothing_old

from tests.integration.session.conftest import TODAY, World
from tests.integration.session.test_deliveries import Office, office
from tests.integration.session.test_notices import PATH, choose, told
from tests.support.deliveries import delivery

__all__ = ["office"]  # the fixture

ASKED = "skills_unconfirmed"
SUBJECT = "Do you still stand by your skills?"
HOLDS = TODAY - timedelta(days=SKILL_CONFIRMED_DAYS)
STALE = HOLDS - timedelta(days=1)
AT_ONCE = {ASKED: {"mail": "at_once"}}


async def claimant(world: World, confirmed_on: date, person_id: UUID | None = None, **said: object) -> UUID:
    """Somebody who last confirmed a skill on that day."""
    known = {"skills": [uuid4()], "confirmed_on": confirmed_on, "email": "amara@aurora.example"}
    return await world.person(person_id, **{**known, **said})  # type: ignore[arg-type] # as the profile says it


async def ask(world: World, rounds: int = 1) -> None:
    """Everybody who is to be asked has been, several times at once."""

    async def work() -> None:
        while await ask_to_confirm(world.api.database, 2):
            pass

    await asyncio.gather(*(work() for _ in range(rounds)))


async def days_pass(world: World, days: int) -> None:
    """What is kept of the past lies further back; notices have ids of their days."""
    await world.execute(
        "UPDATE profile_reminder SET reminded_on = reminded_on - $1::integer, confirmed_on = confirmed_on - $1", days
    )
    await world.execute("UPDATE person SET oldest_confirmation = oldest_confirmation - $1::integer", days)
    await world.execute("UPDATE notice SET notice_id = gen_random_uuid()")


async def test_each_of_many_is_asked_once_on_the_first_day_that_a_confirmation_no_longer_holds(world: World) -> None:
    stale = [await claimant(world, STALE) for _ in range(5)]
    fresh = await claimant(world, HOLDS)
    nothing_claimed = await world.person()
    await ask(world, rounds=4)
    await ask(world)
    assert [await told(world, person_id) for person_id in stale] == [[ASKED]] * 5
    assert await told(world, fresh) == await told(world, nothing_claimed) == []
    await days_pass(world, 1)
    await ask(world)
    assert await told(world, fresh) == [ASKED]


async def test_who_leaves_it_unconfirmed_is_not_asked_for_the_same_again(world: World) -> None:
    person_id = await claimant(world, STALE)
    await ask(world)
    await days_pass(world, 400)
    await ask(world)
    assert await told(world, person_id) == [ASKED]


async def test_who_confirms_is_asked_again_when_that_holds_no_longer(world: World) -> None:
    person_id = await claimant(world, STALE)
    await ask(world)
    await claimant(world, TODAY, person_id)
    await days_pass(world, SKILL_CONFIRMED_DAYS)
    await ask(world)
    assert await told(world, person_id) == [ASKED], "it still holds on its last day"
    await days_pass(world, 1)
    await ask(world)
    assert await told(world, person_id) == [ASKED, ASKED]


async def test_who_confirms_a_part_is_not_asked_for_the_rest_so_soon_and_holds_up_nobody(world: World) -> None:
    partly = [await claimant(world, STALE - timedelta(days=9)) for _ in range(2)]
    await ask(world)
    await days_pass(world, 1)
    for person_id in partly:
        await claimant(world, STALE - timedelta(days=1), person_id)
    other = await claimant(world, STALE)
    await ask(world)
    assert [await told(world, person_id) for person_id in (*partly, other)] == [[ASKED]] * 3
    assert (await world.get(partly[0], PATH)).json()["unread"] == 1, "there is still something to confirm"


@pytest.mark.parametrize("status", ["on_leave", "left"])
async def test_who_is_not_at_work_is_not_asked(world: World, status: str) -> None:
    person_id = await claimant(world, STALE, status=status)
    await ask(world)
    assert await told(world, person_id) == []


async def test_it_comes_with_the_digest_and_can_be_switched_off_by_one_click(office: Office) -> None:
    person_id = await claimant(office.world, STALE, languages=("de",))
    await ask(office.world)
    await office.deliver()
    assert (await office.states(), office.mails.taken) == (["waiting"], [])
    await office.set("due_at = now()")
    await office.deliver()
    (mail,) = office.mails.taken
    assert mail["Subject"] == "Stehst du noch zu deinen Fähigkeiten?"
    link = mail["List-Unsubscribe"].strip("<>").removeprefix("https://flash.test")
    await office.world.api.client.post(link, content="List-Unsubscribe=One-Click")
    await office.world.execute("DELETE FROM profile_reminder")
    await office.world.execute("DELETE FROM notice")
    await ask(office.world)
    await office.deliver()
    assert await told(office.world, person_id) == [ASKED]
    assert await office.states() == ["sent"], "nothing more by mail"


async def test_at_once_means_outside_of_quiet_hours(office: Office) -> None:
    quiet, loud = await claimant(office.world, STALE, email="q@aurora.example"), await claimant(office.world, STALE)
    always = {"since": "00:00", "until": "23:59:59.999999"}
    assert (await choose(office.world, quiet, choices=AT_ONCE, quiet_hours=always)).status_code == 200
    assert (await choose(office.world, loud, choices=AT_ONCE)).status_code == 200
    await ask(office.world)
    await office.deliver()
    assert (office.mails.to, office.mails.taken[0]["Subject"]) == (["amara@aurora.example"], SUBJECT)
    assert sorted(await office.states()) == ["sent", "waiting"]


@pytest.mark.parametrize(("confirmed_on", "sent"), [(TODAY, 0), (STALE, 1)])
async def test_who_confirms_before_the_mail_goes_out_gets_none(office: Office, confirmed_on: date, sent: int) -> None:
    person_id = await claimant(office.world, STALE - timedelta(days=1))
    await ask(office.world)
    await office.plan()
    await claimant(office.world, confirmed_on, person_id)
    await office.set("due_at = now()")
    await office.deliver()
    assert len(office.mails.taken) == sent
    assert (await office.world.get(person_id, PATH)).json()["unread"] == sent


async def test_after_a_restore_nobody_is_asked_for_what_was_due_by_then(office: Office) -> None:
    person_id = await claimant(office.world, STALE)
    await send_nothing_old(office.world.api.service)
    await ask(office.world)
    assert await told(office.world, person_id) == []


async def test_a_replay_teaches_what_an_older_release_did_not_keep(world: World) -> None:
    person_id = await claimant(world, STALE)
    await world.execute("UPDATE person SET oldest_confirmation = NULL")
    await ask(world)
    assert await told(world, person_id) == []
    world.versions[person_id] -= 1
    await claimant(world, STALE, person_id)
    await ask(world)
    assert await told(world, person_id) == [ASKED]


async def test_who_is_forgotten_is_neither_asked_nor_remembered_as_asked(world: World) -> None:
    person_id = await claimant(world, STALE)
    await ask(world)
    asked: Delivery = delivery(ErasureRequestedV1(person_id=person_id, reason="own_request", profile_version=9), 1)
    async with world.api.database.transaction() as transaction:
        await take_erasures(transaction, [asked])
    await ask(world)
    async with world.api.database.connection() as connection:
        for table in ("profile_reminder", "notice"):
            assert not await connection.fetchval(f"SELECT count(*) FROM {table} WHERE person_id = $1", person_id)
