"""A person's own profile in full: sources, claims that keep their day, parts edited, previews, reminders."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flash_schemas.profile import SKILL_CONFIRMED_DAYS, ProfileChangedV1
from profile_service.reminders import remind_some

from tests.integration.profile.conftest import Company
from tests.integration.profile.test_profiles import edit, skill
from tests.integration.profile.test_programs import create

LONG = SKILL_CONFIRMED_DAYS + 5


def today() -> date:
    return datetime.now(UTC).date()


async def me(company: Company, number: str = "1") -> Any:
    answer = await company.api.client.get("/api/v1/me/profile", headers=company.sign_in(number))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def say(company: Company, number: str = "1", **body: Any) -> Any:
    """The profile after a whole edit."""
    answer = await edit(company, number, (await me(company, number))["version"], **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def patch(company: Company, version: int, body: Any) -> Any:
    headers = {**company.sign_in("1"), "If-Match": f'"{version}"', "Content-Type": "application/merge-patch+json"}
    return await company.api.client.request("PATCH", "/api/v1/me/profile", json=body, headers=headers)


async def preview(company: Company, viewer: str, status: int = 200, **params: Any) -> Any:
    answer = await company.api.client.get(
        "/api/v1/me/profile/preview", params={"as": viewer, **params}, headers=company.sign_in("1")
    )
    assert answer.status_code == status, answer.text
    return answer.json()


async def age_claims(company: Company, days: int, number: str = "1") -> None:
    """As if the person had said everything so many days ago."""
    day = (today() - timedelta(days=days)).isoformat()
    query = """
    UPDATE person SET declared = jsonb_set(declared, '{skills}', (
        SELECT jsonb_agg(claim || jsonb_build_object('confirmed_on', $2::text))
        FROM jsonb_array_elements(declared -> 'skills') AS claim)) WHERE person_id = $1
    """
    async with company.api.database.connection() as connection:
        await connection.execute(query, company.people[number], day)


async def remind(company: Company, chunk: int = 100) -> dict[str, int]:
    """Run the reminders until nobody is left; how many days ago each person was last reminded, by number."""
    while await remind_some(company.api.database, chunk):
        pass
    async with company.api.database.connection() as connection:
        rows = await connection.fetch("SELECT person_id, due_on FROM profile_reminder")
    numbers = {person_id: number for number, person_id in company.people.items()}
    return {numbers[row["person_id"]]: (today() - row["due_on"]).days for row in rows}


async def test_each_field_says_whose_it_is_and_since_when(company: Company) -> None:
    await company.push(company.event("person_changed", employee_number="1", job_title="Director"))
    sources = (await say(company, bio="mine"))["sources"]
    assert sources["job_title"] == {"source": "hr", "changed_on": "2026-11-02"}
    assert sources["bio"] == {"source": "self", "changed_on": today().isoformat()}
    assert sources["languages"] == {"source": "self", "changed_on": None}
    assert sources["unit_path"]["source"] == "hr"


async def test_a_renamed_unit_changes_the_path_today_and_nothing_else(company: Company) -> None:
    before = (await me(company))["sources"]
    await company.push(company.unit("sales", "Revenue", "root"))
    await company.settle()
    after = (await me(company))["sources"]
    assert {name for name in after if after[name] != before[name]} == {"unit_path"}
    assert after["unit_path"]["changed_on"] == today().isoformat()


async def test_who_comes_back_finds_what_they_said(company: Company) -> None:
    await say(company, bio="mine", visibility={"bio": "unit"})
    await company.push(company.event("person_left", employee_number="1"))
    await company.push(company.joined("1", "lab", job_title="Director"))
    profile = await me(company)
    assert (profile["bio"], profile["visibility"]) == ("mine", {"bio": "unit"})
    assert (profile["job_title"], profile["status"], profile["unit_path"][-1]["name"]) == (
        "Director",
        "active",
        "Research",
    )


async def test_everything_a_person_says_is_kept_and_published(company: Company) -> None:
    known = await skill(company, "Excel")
    claim = {
        "skill_id": known["skill_id"],
        "level": 4,
        "last_used": "2026-10-01",
        "evidence": ["Five years of reports"],
        "typed_evidence": [{"kind": "certificate", "text": "Excel Expert"}, {"kind": "project", "text": "Atlas"}],
    }
    said: dict[str, Any] = {
        "experience": [{"title": "Clerk", "since": "2010-01-01", "until": "2014-02-28", "description": "Filed."}],
        "languages": ["de", "zh"],
        "time_zone": "Asia/Shanghai",
        "bio": "mine",
        "can_help_with": ["reports"],
        "preferred_formats": ["lunch", "chat"],
        "preferred_minutes": [15, 45],
        "visibility": {"time_zone": "unit", "evidence": "nobody", "photo": "unit"},
    }
    profile = await say(company, skills=[claim], **said)
    event, _ = (await company.api.events(ProfileChangedV1))[-1]
    published = event.model_dump(mode="json")
    for name, value in said.items():
        if name != "experience":
            assert (profile[name], published[name]) == (value, value), name
    for skills in (profile["skills"], published["skills"]):
        assert {name: skills[0][name] for name in claim} == claim
    assert profile["skills"][0]["provenance"] == "self"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"preferred_formats": ["fax"]}, "preferred_formats[0]"),
        ({"preferred_minutes": [20]}, "preferred_minutes[0]"),
        ({"visibility": {"photo": "friends"}}, "visibility.photo"),
        ({"visibility": {"job_title": "nobody"}}, "visibility"),
        ({"experience": [{"title": "x", "since": "2020-01-01", "until": "2019-01-01"}]}, "experience[0].until"),
        ({"experience": [{"title": "x\0", "since": "2020-01-01"}]}, "experience"),
        ({"experience": [{"title": "x", "since": "2020-01-01", "description": "长" * 4000}] * 50}, "body"),
        ({"bio": None}, "bio"),
    ],
)
async def test_a_wrong_value_is_refused_by_name_and_changes_nothing(
    company: Company, body: dict[str, Any], field: str
) -> None:
    answer = await edit(company, "1", 1, **body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert (await me(company))["version"] == 1


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


async def test_a_part_is_edited_and_the_rest_stays(company: Company) -> None:
    known = await skill(company, "Excel")
    await say(
        company,
        skills=[{"skill_id": known["skill_id"], "level": 3, "typed_evidence": [{"kind": "role", "text": "Lead"}]}],
        bio="mine",
        languages=["de"],
        time_zone="Europe/Lisbon",
        visibility={"bio": "unit", "languages": "unit"},
    )
    await age_claims(company, LONG)
    answer = await patch(
        company, 2, {"languages": ["pt"], "time_zone": None, "visibility": {"bio": None, "photo": "nobody"}}
    )
    assert answer.status_code == 200, answer.text
    profile = answer.json()
    assert (profile["bio"], profile["languages"], profile["time_zone"]) == ("mine", ["pt"], None)
    assert profile["visibility"] == {"languages": "unit", "photo": "nobody"}
    assert profile["skills"][0]["typed_evidence"] == [{"kind": "role", "text": "Lead"}]
    assert profile["skills"][0]["stale"]


async def test_a_wrong_part_is_refused_by_name(company: Company) -> None:
    for body, field in (({"time_zone": "x"}, "time_zone"), ({"job_title": "Boss"}, "job_title"), ([], "body")):
        answer = await patch(company, 1, body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert (await patch(company, 7, {"bio": "x"})).status_code == 412


async def test_a_skill_retired_meanwhile_does_not_stop_other_edits(company: Company) -> None:
    known = await skill(company, "Lotus")
    claims = [{"skill_id": known["skill_id"], "level": 3}]
    await say(company, skills=claims)
    operator = {**company.api.callers.sign_in("operator"), "If-Match": '"1"'}
    url = f"/api/v1/skills/{known['skill_id']}"
    retired = await company.api.client.put(url, json={"label": "Lotus", "retired": True}, headers=operator)
    assert retired.status_code == 200, retired.text
    assert (await say(company, skills=claims, bio="new"))["bio"] == "new"
    assert (await edit(company, "2", 1, skills=claims)).status_code == 422


async def test_a_preview_shows_what_colleagues_get(company: Company) -> None:
    program = await create(company, search_fields={"show": ["bio", "languages"]})
    await company.settle()
    known = await skill(company, "Excel")
    await say(
        company,
        skills=[{"skill_id": known["skill_id"], "level": 3, "evidence": ["Led it"]}],
        bio="mine",
        languages=["de"],
        time_zone="Europe/Lisbon",
        preferred_formats=["call"],
        visibility={"bio": "unit", "time_zone": "unit", "evidence": "unit", "languages": "nobody"},
    )
    url = f"/api/v1/people/{company.people['1']}"
    for viewer, number in (("unit", "4"), ("program", "3")):
        seen = (await company.api.client.get(url, headers=company.sign_in(number))).json()
        assert await preview(company, viewer) == seen
        assert await preview(company, viewer, program_id=program["program_id"]) == seen
        in_unit = viewer == "unit"
        assert (seen["bio"], seen["time_zone"]) == (("mine", "Europe/Lisbon") if in_unit else (None, None))
        assert seen["skills"][0]["evidence"] == (["Led it"] if in_unit else None)
        assert (seen["languages"], seen["preferred_formats"]) == (None, ["call"])
    await preview(company, "unit", status=404, program_id=str(company.people["1"]))
    await preview(company, "everybody", status=422)


async def test_hidden_skills_are_not_answered(company: Company) -> None:
    await create(company)
    await company.settle()
    known = await skill(company, "Excel")
    await say(company, skills=[{"skill_id": known["skill_id"], "level": 3}], visibility={"skills": "unit"})
    assert (await preview(company, "program"))["skills"] == []
    assert [one["label"] for one in (await preview(company, "unit"))["skills"]] == ["Excel"]


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


async def test_of_who_is_forgotten_nothing_is_left_beside_either(company: Company) -> None:
    known = await skill(company, "Excel")
    await say(company, skills=[{"skill_id": known["skill_id"], "level": 3}], bio="mine")
    await age_claims(company, LONG)
    await remind(company)
    await company.push(company.event("person_changed", employee_number="1", job_title="Java Lead"))
    java = await skill(company, "Java")
    url = f"/api/v1/me/skill-suggestions/{java['skill_id']}/dismiss"
    assert (await company.api.client.post(url, headers=company.sign_in("1"))).status_code == 204
    exported = (await company.api.client.get("/api/v1/me/export", headers=company.sign_in("1"))).json()
    assert (exported["skills_dismissed"], exported["photo"]) == (["Java"], None)
    assert exported["profile"]["reminder"]["stale_skills"] == 1
    erasure = {"confirmation": "erase me for ever"}
    answer = await company.api.client.post("/api/v1/me/erasure", json=erasure, headers=company.sign_in("1"))
    assert answer.status_code < 300, answer.text
    async with company.api.database.connection() as connection:
        row = await connection.fetchrow("SELECT * FROM person WHERE person_id = $1", company.people["1"])
        beside = [
            await connection.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("photo", "profile_reminder", "skill_suggestion_dismissed")
        ]
    assert row
    assert (row["changed_on"], row["photo_version"], beside) == ({}, None, [0, 0, 0])
