"""Skills suggested from a person's own words: seen by them alone, on the profile only once they say so."""

from typing import Any

from flash_schemas.profile import ProfileChangedV1

from tests.integration.profile.conftest import Company
from tests.integration.profile.own_profiles import me, say, today
from tests.integration.profile.test_profiles import skill

URL = "/api/v1/me/skill-suggestions"


async def suggested(company: Company, number: str = "1") -> dict[str, list[str]]:
    answer = await company.api.client.get(URL, headers=company.sign_in(number))
    assert answer.status_code == 200, answer.text
    return {item["label"]: item["found_in"] for item in answer.json()["items"]}


async def decide(company: Company, skill_id: str, decision: str, **body: Any) -> Any:
    return await company.api.client.post(f"{URL}/{skill_id}/{decision}", json=body, headers=company.sign_in("1"))


async def hinting(company: Company) -> tuple[str, str]:
    """Somebody whose words hint at two skills of three."""
    crm = await skill(company, "CRM - Salesforce", "salesforce", "sfdc")
    excel = await skill(company, "Excel")
    await skill(company, "Java")
    await company.push(company.event("person_changed", employee_number="1", job_title="Salesforce (SFDC) Lead"))
    await say(company, experience=[{"title": "Clerk", "since": "2010-01-01", "description": "Excel; JavaScript"}])
    return crm["skill_id"], excel["skill_id"]


async def test_words_hint_at_skills_and_nothing_is_said_of_them(company: Company) -> None:
    await hinting(company)
    said = len(await company.api.events(ProfileChangedV1))
    assert await suggested(company) == {"CRM - Salesforce": ["job_title"], "Excel": ["experience"]}
    assert await suggested(company, "2") == {}
    assert (await me(company))["skills"] == []
    assert len(await company.api.events(ProfileChangedV1)) == said
    assert all(not event.skills for event, _ in await company.api.events(ProfileChangedV1))


async def test_an_accepted_suggestion_is_a_claim_that_says_so(company: Company) -> None:
    crm, excel = await hinting(company)
    answer = await decide(company, crm, "accept", level=4)
    assert answer.status_code == 200, answer.text
    (claim,) = answer.json()["skills"]
    assert (claim["skill_id"], claim["level"], claim["provenance"]) == (crm, 4, "suggested")
    event, version = (await company.api.events(ProfileChangedV1))[-1]
    assert (event.change, version, event.skills[0].confirmed_on) == ("edited", answer.json()["version"], today())
    assert set(await suggested(company)) == {"Excel"}
    assert (await decide(company, crm, "accept", level=4)).status_code == 404
    refused = await decide(company, excel, "accept", level=6)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "level")


async def test_a_dismissed_suggestion_does_not_come_back(company: Company) -> None:
    crm, _ = await hinting(company)
    assert (await decide(company, crm, "dismiss")).status_code == 204
    assert set(await suggested(company)) == {"Excel"}
    assert (await decide(company, crm, "accept", level=3)).status_code == 404
    assert (await decide(company, crm, "dismiss")).status_code == 404
    await company.push(company.event("person_changed", employee_number="1", job_title="Head of Salesforce"))
    assert set(await suggested(company)) == {"Excel"}


async def test_merges_are_followed(company: Company) -> None:
    _, excel = await hinting(company)
    operator = company.api.callers.sign_in("operator")

    async def merge(skill_id: str, label: str, into: str) -> None:
        body = {"label": label, "retired": True, "merged_into": into}
        known = await company.api.client.get(f"/api/v1/skills/{skill_id}", headers=operator)
        headers = {**operator, "If-Match": known.headers["ETag"]}
        answer = await company.api.client.put(f"/api/v1/skills/{skill_id}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text

    sheets = (await skill(company, "Spreadsheets"))["skill_id"]
    await merge(excel, "Excel", sheets)
    assert set(await suggested(company)) == {"CRM - Salesforce", "Spreadsheets"}
    await decide(company, sheets, "dismiss")
    tables = (await skill(company, "Tables"))["skill_id"]
    await merge(sheets, "Spreadsheets", tables)
    assert set(await suggested(company)) == {"CRM - Salesforce"}
