"""A person's own profile in full: sources, what they say, parts edited, previews."""

from typing import Any

import pytest
from flash_schemas.profile import ProfileChangedV1

from tests.integration.profile.conftest import Company
from tests.integration.profile.own_profiles import LONG, age_claims, me, patch, preview, remind, say, today
from tests.integration.profile.test_profiles import edit, skill
from tests.integration.profile.test_programs import create


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
