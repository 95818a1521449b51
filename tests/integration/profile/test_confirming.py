"""Claims keep their day until they are confirmed, and who does not for long is reminded."""

from flash_schemas.profile import SKILL_CONFIRMED_DAYS, ProfileChangedV1

from tests.integration.profile.conftest import Company
from tests.integration.profile.own_profiles import LONG, age_claims, me, preview, remind, say, today
from tests.integration.profile.test_profiles import skill
from tests.integration.profile.test_programs import create


async def test_a_claim_that_is_repeated_keeps_its_day_until_it_is_confirmed(company: Company) -> None:
    old, new = [(await skill(company, label))["skill_id"] for label in ("Excel", "CRM")]
    claims = [{"skill_id": old, "level": 3}, {"skill_id": new, "level": 3}]
    await say(company, skills=claims)
    await age_claims(company, LONG)
    changed = await say(company, skills=[claims[0], {**claims[1], "level": 4}], bio="new")
    assert [one["stale"] for one in changed["skills"]] == [True, False]
    confirmed = await say(company, skills=[{**claims[0], "confirm": True}, {**claims[1], "level": 4}])
    assert {one["confirmed_on"] for one in confirmed["skills"]} == {today().isoformat()}


async def test_one_tap_confirms_all_and_a_second_says_nothing_new(company: Company) -> None:
    ids = [(await skill(company, label))["skill_id"] for label in ("Excel", "CRM")]
    await say(company, skills=[{"skill_id": one, "level": 3} for one in ids])
    await age_claims(company, LONG)
    for _ in range(2):
        answer = await company.api.client.post("/api/v1/me/profile/confirm", headers=company.sign_in("1"))
        assert answer.status_code == 200, answer.text
        assert (answer.json()["version"], answer.headers["etag"]) == (3, '"3"')
        assert not any(one["stale"] for one in answer.json()["skills"])
    events = [event for event, _ in await company.api.events(ProfileChangedV1) if event.name == "Nadia Ferreira"]
    assert [event.change for event in events] == ["created", "edited", "edited"]
    assert {one.confirmed_on for one in events[-1].skills} == {today()}


async def test_who_did_not_confirm_for_long_is_reminded_once(company: Company) -> None:
    known = await skill(company, "Excel")
    for number in ("1", "2", "3", "4"):
        await say(company, number, skills=[{"skill_id": known["skill_id"], "level": 3}])
    for number in ("1", "2", "4"):
        await age_claims(company, LONG, number)
    await age_claims(company, SKILL_CONFIRMED_DAYS, "3")
    await company.push(company.event("person_on_leave", employee_number="4"))
    assert await remind(company, chunk=1) == {"1": 0, "2": 0}
    assert (await me(company))["reminder"] == {"due_on": today().isoformat(), "stale_skills": 1}
    assert (await me(company, "3"))["reminder"] is None
    async with company.api.database.connection() as connection:
        await connection.execute(
            "UPDATE profile_reminder SET due_on = due_on - 180 WHERE person_id = $1", company.people["1"]
        )
        await connection.execute(
            "UPDATE profile_reminder SET due_on = due_on - 181 WHERE person_id = $1", company.people["2"]
        )
    assert await remind(company) == {"1": 180, "2": 0}


async def test_confirming_ends_the_reminder(company: Company) -> None:
    known = await skill(company, "Excel")
    await say(company, skills=[{"skill_id": known["skill_id"], "level": 3}])
    await age_claims(company, LONG)
    await remind(company)
    answer = await company.api.client.post("/api/v1/me/profile/confirm", headers=company.sign_in("1"))
    assert answer.json()["reminder"] is None
    assert (await remind(company)) == {"1": 0}
    assert (await me(company))["reminder"] is None


async def test_colleagues_are_told_what_is_not_confirmed(company: Company) -> None:
    await create(company)
    await company.settle()
    known = await skill(company, "Excel")
    await say(company, skills=[{"skill_id": known["skill_id"], "level": 3}])
    assert [one["stale"] for one in (await preview(company, "program"))["skills"]] == [False]
    await age_claims(company, LONG)
    assert [one["stale"] for one in (await preview(company, "program"))["skills"]] == [True]
