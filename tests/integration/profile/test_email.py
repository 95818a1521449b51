"""Where notices for a person go: HR says it, events carry it, its owner sees it, and nobody else ever does."""

from typing import Any
from uuid import UUID

import pytest
from flash_schemas.profile import ProfileChangedV1

from tests.integration.profile.conftest import Company, program_body
from tests.support.apis import Api
from tests.support.scim import Directory, directory, user

ADDRESS = "nadia@aurora.example"


@pytest.fixture
async def scim(api: Api, capsys: pytest.CaptureFixture[str]) -> Directory:
    return await directory(api, capsys)


async def last(api: Api) -> ProfileChangedV1:
    """What was said of somebody last."""
    event: ProfileChangedV1 = (await api.events(ProfileChangedV1))[-1][0]
    return event


async def test_hr_says_an_address_changes_it_and_takes_it_away(api: Api, company: Company) -> None:
    await company.push(company.joined("9", "lab", email=ADDRESS))
    assert (await last(api)).email == ADDRESS
    await company.push(company.event("person_changed", employee_number="9", location="Rome"))
    assert (await last(api)).email == ADDRESS, "what is not said stays"
    await company.push(company.event("person_changed", employee_number="9", email="n.ferreira@aurora.example"))
    assert (await last(api)).email == "n.ferreira@aurora.example"
    await company.push(company.event("person_changed", employee_number="9", email=None))
    assert (await last(api)).email is None


@pytest.mark.parametrize(
    "wrong", ["nadia", "a b@aurora.example", "a@b@c", "a@b\r\nBcc: c@d", "<a@b>", "x" * 260 + "@a.b"]
)
async def test_what_no_mail_can_be_sent_to_is_refused_by_field(company: Company, wrong: str) -> None:
    (result,) = await company.push(company.joined("9", "lab", email=wrong))
    assert (result["outcome"], result["field"]) == ("refused", "email")


async def test_who_left_or_is_forgotten_has_no_address_in_what_is_said(api: Api, company: Company) -> None:
    await company.push(company.joined("9", "lab", email=ADDRESS), company.event("person_left", employee_number="9"))
    assert (await last(api)).email is None
    await company.push(company.event("person_back", employee_number="9"), company.joined("9", "lab", email=ADDRESS))
    who = company.sign_in("9")
    answer = await api.client.post("/api/v1/me/erasure", json={"confirmation": "erase me for ever"}, headers=who)
    assert answer.status_code < 300, answer.text
    async with api.database.connection() as connection:
        query = "SELECT email FROM person WHERE person_id = $1"
        assert await connection.fetchval(query, company.people["9"]) is None


async def test_its_owner_alone_sees_it(api: Api, company: Company) -> None:
    await company.push(company.joined("9", "lab", email=ADDRESS))
    owner = company.sign_in("4", "program_owner")
    program = (await api.client.post("/api/v1/programs", json=program_body(), headers=owner)).json()["program_id"]
    await company.settle()
    own = (await api.client.get("/api/v1/me/profile", headers=company.sign_in("9"))).json()
    assert (own["email"], own["sources"]["email"]["source"]) == (ADDRESS, "hr")
    for who, path in (("1", f"people/{company.people['9']}"), ("9", "me/profile/preview?as=unit")):
        seen = await api.client.get(f"/api/v1/{path}", headers=company.sign_in(who))
        assert seen.status_code == 200
        assert ADDRESS not in seen.text
    visible = (await api.client.get(f"/api/v1/programs/{program}/visibility", headers=owner)).json()
    assert "email" in visible["never_shown"]


@pytest.mark.parametrize(
    ("emails", "expected"),
    [
        ([{"value": "a@x.example"}, {"value": "b@x.example", "primary": True}], "b@x.example"),
        ([{"value": "a@x.example", "type": "home"}, {"value": "b@x.example", "type": "work"}], "b@x.example"),
        ([{"value": "a@x.example"}], "a@x.example"),
    ],
)
async def test_a_directory_says_it_as_emails(
    api: Api, company: Company, scim: Directory, emails: list[dict[str, Any]], expected: str
) -> None:
    created = await scim.create("S-1", department="Research", emails=emails)
    assert (await last(api)).email == expected
    await scim.patch(created["id"], {"op": "replace", "path": "title", "value": "Boss"})
    assert (await last(api)).email == expected
    await scim.patch(created["id"], {"op": "replace", "path": "emails", "value": [{"value": "new@x.example"}]})
    assert (await last(api)).email == "new@x.example"
    assert isinstance((await last(api)).person_id, UUID)


@pytest.mark.parametrize("value", ["not an address", "", "x" * 300])
async def test_an_address_that_a_directory_gets_wrong_costs_nobody_the_rest(
    api: Api, company: Company, scim: Directory, value: str
) -> None:
    created = await scim.create("S-1", emails=[{"value": value}])
    assert ((await last(api)).name, (await last(api)).email) == ("Person S-1", None)
    changed = user("S-1", title="Boss", emails=[{"value": "jo@corp.local"}, {"value": value, "primary": True}])
    answer = await scim.send("PUT", f"/Users/{created['id']}", changed)
    assert answer.status_code == 200, answer.text
    assert ((await last(api)).job_title, (await last(api)).email) == ("Boss", "jo@corp.local")
    assert (await scim.found(filter='emails.value eq "jo@corp.local"'))["totalResults"] == 1
