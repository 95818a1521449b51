"""People's own profiles, what colleagues see of them, and the vocabulary they are written in."""

from typing import Any

from flash_schemas.profile import ProfileChangedV1, SkillChangedV1
from profile_service.seed import seed

from tests.integration.profile.conftest import Company, program_body
from tests.integration.profile.test_programs import create


async def skill(company: Company, label: str, *aliases: str) -> dict[str, Any]:
    operator = company.api.callers.sign_in("operator")
    body = {"label": label, "aliases": aliases}
    answer = await company.api.client.post("/api/v1/skills", json=body, headers=operator)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def edit(company: Company, number: str, version: int, **body: Any) -> Any:
    headers = {**company.sign_in(number), "If-Match": f'"{version}"'}
    return await company.api.client.put("/api/v1/me/profile", json=body, headers=headers)


async def test_a_profile_is_edited_whole_and_published(company: Company) -> None:
    salesforce = await skill(company, "CRM - Salesforce", "sfdc")
    claim = {"skill_id": salesforce["skill_id"], "level": 4, "last_used": "2026-10-01"}
    answer = await edit(company, "1", 1, skills=[claim], languages=["de", "pt"], can_help_with=["migrations"])
    assert answer.status_code == 200, answer.text
    event, version = (await company.api.events(ProfileChangedV1))[-1]
    assert (event.change, version, event.languages) == ("edited", 2, ("de", "pt"))


async def test_a_lost_update_is_refused(company: Company) -> None:
    assert (await edit(company, "1", 1, bio="first")).status_code == 200
    assert (await edit(company, "1", 1, bio="second")).status_code == 412


async def test_hr_does_not_overwrite_what_a_person_says(company: Company) -> None:
    await edit(company, "1", 1, bio="mine")
    await company.push(company.event("person_changed", employee_number="1", job_title="Director"))
    profile = (await company.api.client.get("/api/v1/me/profile", headers=company.sign_in("1"))).json()
    assert (profile["bio"], profile["job_title"]) == ("mine", "Director")


async def test_a_profile_is_refused_by_field(company: Company) -> None:
    known = await skill(company, "Excel")
    claim = {"skill_id": known["skill_id"], "level": 3}
    unknown = {"skill_id": "0b6f1f9e-57e6-4ae1-8d1a-1f1b4e0a4f10", "level": 3}
    cases: dict[str, dict[str, Any]] = {
        "skills[1].skill_id": {"skills": [claim, unknown]},
        "skills[0].level": {"skills": [{**claim, "level": 6}]},
        "visibility": {"visibility": {"name": "nobody"}},
        "salary": {"salary": 1},
    }
    for field, body in cases.items():
        answer = await edit(company, "1", 1, **body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_colleagues_see_what_the_program_and_the_person_allow(company: Company) -> None:
    await create(company, search_fields={"show": ["bio", "languages", "can_help_with"]})
    hidden = {"bio": "nobody", "languages": "unit"}
    version = (await company.api.client.get("/api/v1/me/profile", headers=company.sign_in("1"))).json()["version"]
    await edit(company, "1", version, bio="x", languages=["de"], can_help_with=["y"], visibility=hidden)
    url = f"/api/v1/people/{company.people['1']}"
    from_unit = (await company.api.client.get(url, headers=company.sign_in("4"))).json()
    from_elsewhere = (await company.api.client.get(url, headers=company.sign_in("3"))).json()
    assert (from_unit["bio"], from_unit["languages"], from_unit["location"]) == (None, ["de"], None)
    assert (from_elsewhere["languages"], from_elsewhere["can_help_with"]) == (None, ["y"])


async def test_who_shares_no_program_finds_nobody(company: Company) -> None:
    await create(company, eligibility={"units": [{"unit_id": str(company.units["sales"])}]})
    url = f"/api/v1/people/{company.people['1']}"
    assert (await company.api.client.get(url, headers=company.sign_in("3"))).status_code == 404


async def test_a_skill_name_belongs_to_one_skill(company: Company) -> None:
    await skill(company, "CRM - Salesforce", "sfdc")
    body = {"label": "Sales clouds", "aliases": ["clouds", "ＳＦＤＣ"]}
    operator = company.api.callers.sign_in("operator")
    answer = await company.api.client.post("/api/v1/skills", json=body, headers=operator)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "aliases[1]")
    assert "CRM - Salesforce" in answer.json()["detail"]


async def test_skills_are_found_by_any_name_page_by_page(company: Company) -> None:
    for label in ("Excel", "Excel pivot tables", "Excel lookups"):
        await skill(company, label, f"{label} alias")
    reader = company.sign_in("1")
    first = (await company.api.client.get("/api/v1/skills?q=excel&limit=2", headers=reader)).json()
    url = f"/api/v1/skills?q=excel&limit=2&cursor={first['next_cursor']}"
    second = (await company.api.client.get(url, headers=reader)).json()
    assert [item["label"] for item in first["items"] + second["items"]] == [
        "Excel",
        "Excel lookups",
        "Excel pivot tables",
    ]
    assert second["next_cursor"] is None


async def test_the_seed_comes_in_once(company: Company) -> None:
    assert await seed(company.api.service) == 0
    seeded = await company.api.events(SkillChangedV1)
    assert await seed(company.api.service) == 0
    assert len(await company.api.events(SkillChangedV1)) == len(seeded) > 150
    assert any(event.label == "CRM - Salesforce" for event, _ in seeded)


async def test_units_are_found_with_their_way_from_the_root(company: Company) -> None:
    found = (await company.api.client.get("/api/v1/units?q=customer", headers=company.sign_in("1"))).json()["items"]
    assert [item["path"] for item in found] == [["Aurora", "Sales and Marketing", "Customer Relations"]]


async def test_a_made_up_cursor_is_refused_by_name(company: Company) -> None:
    answer = await company.api.client.get("/api/v1/skills?cursor=abc", headers=company.sign_in("1"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


async def test_a_program_body_that_is_edited_keeps_its_objective(company: Company) -> None:
    program = await create(company)
    owner = {**company.sign_in("4", "program_owner"), "If-Match": '"1"'}
    body = program_body(objectives=program["objectives"])
    url = f"/api/v1/programs/{program['program_id']}"
    edited = (await company.api.client.put(url, json=body, headers=owner)).json()
    assert edited["objectives"] == program["objectives"]
