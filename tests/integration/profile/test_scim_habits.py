"""What Entra and Okta really send is understood, as they send it."""

from typing import Any

import pytest

from tests.integration.profile.conftest import Company
from tests.support.apis import Api
from tests.support.scim import ENTERPRISE, PATCH_OP, Directory, directory, user


@pytest.fixture
async def scim(api: Api, company: Company, capsys: pytest.CaptureFixture[str]) -> Directory:
    return await directory(api, capsys)


async def stored(scim: Directory, id_: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await scim.send("GET", f"/Users/{id_}")).json()
    return answer


async def done(scim: Directory, id_: str, *operations: dict[str, Any]) -> dict[str, Any]:
    """The user after a PATCH."""
    answer = await scim.patch(id_, *operations)
    assert answer.status_code == 204, answer.text
    return await stored(scim, id_)


@pytest.mark.parametrize("op", ["Add", "Replace", "add", "replace"])
async def test_entra_writes_operations_in_capitals(scim: Directory, op: str) -> None:
    created = await scim.create("S-1")
    assert (await done(scim, created["id"], {"op": op, "path": "title", "value": "Boss"}))["title"] == "Boss"


@pytest.mark.parametrize(
    "path", [f"{ENTERPRISE}:manager", f"{ENTERPRISE}:manager.value", "manager", "Manager.value", None]
)
async def test_entra_names_a_manager_by_a_bare_id(scim: Directory, path: str | None) -> None:
    boss, created = await scim.create("S-0"), await scim.create("S-1")
    said = {"path": path, "value": boss["id"]} if path else {"value": {"manager": boss["id"]}}
    after = await done(scim, created["id"], {"op": "Add", **said})
    assert after[ENTERPRISE]["manager"]["value"] == boss["id"]
    assert after[ENTERPRISE]["employeeNumber"] == "S-1"


async def test_entra_creates_a_user_with_a_bare_manager(scim: Directory) -> None:
    boss = await scim.create("S-0")
    created = await scim.create("S-1", **{ENTERPRISE: {"employeeNumber": "S-1", "manager": boss["id"]}})
    assert created[ENTERPRISE]["manager"]["value"] == boss["id"]


@pytest.mark.parametrize(
    "gone", [{"op": "Remove"}, {"op": "Replace", "value": ""}, {"op": "Replace", "value": {"value": ""}}]
)
async def test_entra_takes_a_manager_away(scim: Directory, gone: dict[str, Any]) -> None:
    boss = await scim.create("S-0")
    created = await scim.create("S-1", **{ENTERPRISE: {"employeeNumber": "S-1", "manager": {"value": boss["id"]}}})
    after = await done(scim, created["id"], {"path": f"{ENTERPRISE}:manager", **gone})
    assert "manager" not in after[ENTERPRISE]


@pytest.mark.parametrize("text", ["False", "false", "FALSE"])
async def test_entra_writes_booleans_as_text(scim: Directory, text: str) -> None:
    created = await scim.create("S-1")
    assert (await done(scim, created["id"], {"op": "Replace", "path": "active", "value": text}))["active"] is False
    person = await scim.person("S-1")
    assert person
    assert person["status"] == "left"


async def test_entra_writes_booleans_as_text_within_others(scim: Directory) -> None:
    emails = [{"type": "work", "value": "n@aurora.example", "primary": "True"}]
    created = await scim.create("S-1", active="True", emails=emails)
    assert created["active"] is True
    assert created["emails"][0]["primary"] is True


async def test_entra_patches_without_a_path(scim: Directory) -> None:
    created = await scim.create("S-1")
    values = {"active": "False", "name.familyName": "Ferreira", f"{ENTERPRISE}:department": "Research"}
    after = await done(scim, created["id"], {"op": "Replace", "value": values})
    assert (after["active"], after["name"]["familyName"]) == (False, "Ferreira")
    assert after[ENTERPRISE]["department"] == "Research"


async def test_entra_patches_by_filters_without_a_path(scim: Directory) -> None:
    created = await scim.create("S-1", addresses=[])
    values = {
        'emails[type eq "work"].value': "w@aurora.example",
        'addresses[type eq "work"].locality': "Lisbon",
        "name.givenName": "Q",
    }
    after = await done(scim, created["id"], {"op": "Replace", "value": values})
    assert after["emails"] == [{"type": "work", "value": "w@aurora.example"}]
    assert after["name"]["givenName"] == "Q"
    person = await scim.person("S-1")
    assert person
    assert (person["location"], person["email"]) == ("Lisbon", "w@aurora.example")


async def test_entra_writes_into_an_address_that_is_not_there_yet(scim: Directory) -> None:
    created = await scim.create("S-1", addresses=[])
    operation = {"op": "Add", "path": 'addresses[type eq "work"].locality', "value": "Lisbon"}
    assert (await done(scim, created["id"], operation))["addresses"] == [{"type": "work", "locality": "Lisbon"}]
    person = await scim.person("S-1")
    assert person
    assert person["location"] == "Lisbon"


@pytest.mark.parametrize("by_value", [True, False])
async def test_entra_removes_a_member(scim: Directory, by_value: bool) -> None:
    one, two = (await scim.create("S-1"))["id"], (await scim.create("S-2"))["id"]
    group = {"schemas": [], "displayName": "Team", "members": [{"value": one}, {"value": two}]}
    created = (await scim.send("POST", "/Groups", group)).json()
    removal = (
        {"op": "Remove", "path": "members", "value": [{"value": one}]}
        if by_value
        else {"op": "Remove", "path": f'members[value eq "{one}"]'}
    )
    body = {"schemas": [PATCH_OP], "Operations": [removal]}
    assert (await scim.send("PATCH", f"/Groups/{created['id']}", body)).status_code == 204
    after = (await scim.send("GET", f"/Groups/{created['id']}")).json()
    assert [member["value"] for member in after["members"]] == [two]


async def test_entra_adds_members_to_a_group_that_it_reads_without_them(scim: Directory) -> None:
    one = (await scim.create("S-1"))["id"]
    created = (await scim.send("POST", "/Groups", {"schemas": [], "displayName": "Team"})).json()
    addition = {"op": "Add", "path": "members", "value": [{"value": one}]}
    await scim.send("PATCH", f"/Groups/{created['id']}", {"schemas": [PATCH_OP], "Operations": [addition]})
    read = (await scim.send("GET", f"/Groups/{created['id']}", params={"excludedAttributes": "members"})).json()
    assert read["displayName"] == "Team"
    assert "members" not in read


async def test_a_member_is_in_a_group_once_whatever_else_is_said_of_it(scim: Directory) -> None:
    one, two = (await scim.create("S-1"))["id"], (await scim.create("S-2"))["id"]
    twice = [{"value": one}, {"value": one, "display": "One"}]
    created = (await scim.send("POST", "/Groups", {"schemas": [], "displayName": "Team", "members": twice})).json()
    assert [member["value"] for member in created["members"]] == [one]
    addition = {"op": "add", "path": "members", "value": [{"value": two}, {"value": one, "display": "One"}]}
    await scim.send("PATCH", f"/Groups/{created['id']}", {"schemas": [PATCH_OP], "Operations": [addition]})
    after = (await scim.send("GET", f"/Groups/{created['id']}")).json()
    assert [member["value"] for member in after["members"]] == [one, two]


async def test_okta_deactivates_without_a_path(scim: Directory) -> None:
    created = await scim.create("S-1")
    assert (await done(scim, created["id"], {"op": "replace", "value": {"active": False}}))["active"] is False


async def test_okta_looks_a_user_up_by_name_before_it_creates_one(scim: Directory) -> None:
    query = {"filter": 'userName eq "User-S-1@Aurora.example"', "startIndex": "1", "count": "100"}
    assert (await scim.found(**query))["totalResults"] == 0
    created = await scim.create("S-1")
    page = await scim.found(**query)
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (1, 1, 1)
    assert page["Resources"][0]["id"] == created["id"]


async def test_okta_puts_whole_users_with_what_only_the_server_writes(scim: Directory) -> None:
    created = await scim.create("S-1", department="Research")
    whole = user("S-1", department="Customer Relations", title="Boss") | {
        "id": created["id"],
        "groups": [],
        "password": "never-kept",
        "meta": created["meta"],
    }
    answer = await scim.send("PUT", f"/Users/{created['id']}", whole)
    assert answer.status_code == 200, answer.text
    assert "password" not in answer.json()
    person = await scim.person("S-1")
    assert person
    assert (person["job_title"], person["unit"]) == ("Boss", "crm")
    async with scim.api.database.connection() as connection:
        assert not await connection.fetchval("SELECT count(*) FROM scim_resource WHERE resource ? 'password'")


async def test_an_attribute_that_nobody_defines_is_passed_over(scim: Directory) -> None:
    created = await scim.create("S-1", **{"urn:okta:custom:1.0:user:favouriteColour": "blue", "shoeSize": 44})
    assert "shoeSize" not in created
    await done(scim, created["id"], {"op": "replace", "value": {"shoeSize": 45, "title": "Boss"}})


async def test_habits_are_regular_in_bulk_too(scim: Directory) -> None:
    created = await scim.create("S-1")
    body = user("S-2", active="False")
    patch = {"schemas": [PATCH_OP], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
    results = await scim.bulk(
        {"method": "POST", "path": "/Users", "bulkId": "two", "data": body},
        {"method": "PATCH", "path": f"/Users/{created['id']}", "data": patch},
    )
    assert [result["status"] for result in results] == ["201", "200"]
    assert {each["active"] for each in (await scim.found())["Resources"]} == {False}
