"""SCIM users become people by the rules of the HR push, in one transaction with the event that says so."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from chassis.auth import Caller
from flash_schemas.profile import ProfileChangedV1
from profile_service.commands import request_erasure

from tests.integration.profile.conftest import Company
from tests.support.apis import Api
from tests.support.scim import ENTERPRISE, Directory, assert_error, directory, user


@pytest.fixture
async def scim(api: Api, capsys: pytest.CaptureFixture[str]) -> Directory:
    return await directory(api, capsys)


async def changes(api: Api) -> list[str]:
    """Everything that was said of people, oldest first."""
    return [event.change for event, _ in await api.events(ProfileChangedV1)]


def manager(user_id: str | None) -> dict[str, Any]:
    return {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"value": user_id}}


async def test_a_user_appears_as_a_person_with_an_event(api: Api, scim: Directory, company: Company) -> None:
    level = {"type": "jobLevel", "value": "7"}
    await scim.create("S-1", department="Research", displayName="Nadia Ferreira", title="Data engineer", roles=[level])
    person = await scim.person("S-1")
    assert person
    assert (person["name"], person["job_title"], person["job_level"]) == ("Nadia Ferreira", "Data engineer", 7)
    assert (person["location"], person["unit"], person["status"]) == ("Berlin", "lab", "active")
    event, version = (await api.events(ProfileChangedV1))[-1]
    assert (event.person_id, event.change, event.name, version) == (person["person_id"], "created", "Nadia Ferreira", 1)


async def test_what_a_user_does_not_say_has_defaults_and_then_stays(scim: Directory, company: Company) -> None:
    bare = await scim.send("POST", "/Users", {"schemas": [], "userName": "bare@aurora.example"})
    person = await scim.person("bare@aurora.example")
    assert bare.status_code == 201
    assert person
    assert (person["job_title"], person["location"], person["job_level"]) == ("Not stated", "Not stated", 1)
    assert (person["unit"], person["unit_name"]) == ("scim:unassigned", "Unassigned")
    level = company.event("person_changed", employee_number="bare@aurora.example", job_level=9)
    await company.push(level | {"time": datetime.now(UTC).isoformat()})
    assert (await scim.patch(bare.json()["id"], {"op": "add", "path": "title", "value": "Boss"})).status_code == 204
    person = await scim.person("bare@aurora.example")
    assert person
    assert (person["job_title"], person["job_level"]) == ("Boss", 9)


async def test_deactivation_means_leaving_and_activation_coming_back(
    api: Api, scim: Directory, company: Company
) -> None:
    created = await scim.create("S-1", department="Research")
    before = await scim.person("S-1")
    for active in (False, True):
        await scim.patch(created["id"], {"op": "replace", "path": "active", "value": active})
    assert (await changes(api))[-2:] == ["hr_left", "created"]
    after = await scim.person("S-1")
    assert before
    assert after
    assert (after["person_id"], after["status"]) == (before["person_id"], "active")
    assert (after["unit"], after["version"]) == ("lab", 3)


async def pushed(company: Company, type_: str, **facts: Any) -> None:
    """HR says so now, after whatever the directory said."""
    event = company.event(type_, employee_number="S-1", **facts) | {"time": datetime.now(UTC).isoformat()}
    assert [result["outcome"] for result in await company.push(event)] == ["applied"]


async def state(scim: Directory, *names: str) -> tuple[Any, ...]:
    person = await scim.person("S-1")
    assert person
    return tuple(person[name] for name in names)


async def test_a_write_that_changes_no_user_still_reaches_the_person(scim: Directory, company: Company) -> None:
    created = await scim.create("S-1", department="Research")
    await pushed(company, "person_left")
    answer = await scim.send("PUT", f"/Users/{created['id']}", user("S-1", department="Research"))
    assert (answer.status_code, answer.json()["meta"]) == (200, created["meta"])
    assert await state(scim, "status", "name") == ("active", "Person S-1")
    await pushed(company, "person_changed", name="Somebody else")
    await scim.patch(created["id"], {"op": "replace", "path": "title", "value": created["title"]})
    assert await state(scim, "status", "name") == ("active", "Person S-1")


@pytest.mark.parametrize("path", ["active", None])
async def test_who_left_for_hr_comes_back_by_a_word_on_that_alone(
    scim: Directory, company: Company, path: str | None
) -> None:
    created = await scim.create("S-1", department="Research")
    await pushed(company, "person_left")
    await scim.patch(created["id"], {"op": "replace", "path": "title", "value": "Boss"})
    assert await state(scim, "status", "job_title") == ("left", "Consultant")
    said = {"path": path, "value": True} if path else {"value": {"Active": True}}
    await scim.patch(created["id"], {"op": "replace", **said})
    assert await state(scim, "status", "job_title") == ("active", "Boss")


async def test_who_is_back_for_hr_leaves_by_a_word_on_that_alone(scim: Directory, company: Company) -> None:
    created = await scim.create("S-1", department="Research")
    for active in ("False", "false"):
        await scim.patch(created["id"], {"op": "replace", "path": "active", "value": active})
        assert await state(scim, "status") == ("left",)
        usual = {"name": "Jo", "job_title": "Consultant", "job_level": 5, "location": "Berlin", "unit": "lab"}
        await pushed(company, "person_joined", **usual)
        await scim.patch(created["id"], {"op": "replace", "path": "title", "value": f"Boss {active}"})
        assert await state(scim, "status", "job_title") == ("active", "Consultant")


@pytest.mark.parametrize("number", ["1", "nobody yet"])
async def test_who_comes_back_keeps_the_manager_of_whom_nothing_is_said(
    scim: Directory, company: Company, number: str
) -> None:
    created = await scim.create("S-1", department="Research")
    await pushed(company, "person_changed", manager=number)
    (above,) = await state(scim, "manager_id")
    assert above
    for active in (False, True):
        await scim.patch(created["id"], {"op": "replace", "path": "active", "value": active})
    assert await state(scim, "status", "manager_id") == ("active", above)
    await scim.patch(created["id"], manager((await scim.create("S-0"))["id"]))
    await scim.patch(created["id"], manager(None))
    assert await state(scim, "manager_id") == (None,)


async def test_a_deleted_user_is_a_person_who_left(api: Api, scim: Directory, company: Company) -> None:
    created = await scim.create("S-1", department="Research")
    assert (await scim.send("DELETE", f"/Users/{created['id']}")).status_code == 204
    assert_error(await scim.send("GET", f"/Users/{created['id']}"), 404)
    assert (await changes(api))[-1] == "hr_left"
    await scim.create("S-1", department="Research")
    person = await scim.person("S-1")
    assert person
    assert (person["status"], person["version"]) == ("active", 3)


async def test_a_user_who_is_created_inactive_is_nobody_yet(api: Api, scim: Directory, company: Company) -> None:
    created = await scim.create("S-1", active=False)
    assert await scim.person("S-1") is None
    await scim.patch(created["id"], {"op": "replace", "value": {"active": True}})
    assert (await changes(api))[-1] == "created"


async def test_a_user_of_a_known_number_is_the_person_whom_the_push_made(scim: Directory, company: Company) -> None:
    await scim.create("1", department="crm", displayName="Nadia F.")
    person = await scim.person("1")
    assert person
    assert (person["person_id"], person["name"], person["unit"]) == (company.people["1"], "Nadia F.", "crm")
    late = company.event("person_changed", employee_number="1", name="Older")
    assert [result["outcome"] for result in await company.push(late)] == ["ignored"]


async def test_a_department_that_names_no_unit_becomes_one_under_the_root(scim: Directory, company: Company) -> None:
    created = await scim.create("S-1", department="People & Culture")
    await scim.create("S-2", department="people & culture")
    first, second = await scim.person("S-1"), await scim.person("S-2")
    assert first
    assert second
    assert (first["unit"], first["unit_name"]) == ("scim:people & culture", "People & Culture")
    assert second["unit_id"] == first["unit_id"]
    assert [ref["name"] for ref in first["unit_path"]] == ["Aurora", "People & Culture"]
    moved = {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Customer Relations"}
    await scim.patch(created["id"], moved)
    person = await scim.person("S-1")
    assert person
    assert person["unit"] == "crm"


async def test_a_department_that_several_units_are_called_is_refused_whole(scim: Directory, company: Company) -> None:
    await company.push(company.unit("lab-2", "Research", "sales"))
    detail = assert_error(await scim.send("POST", "/Users", user("S-1", department="Research")), 400, "invalidValue")
    assert detail.startswith("department")
    assert (await scim.found())["totalResults"] == 0
    await scim.create("S-1", department="lab-2")


async def test_what_the_rules_refuse_names_the_attribute_and_leaves_nothing(scim: Directory, company: Company) -> None:
    refused = {
        "title": user("S-1", title="x" * 201),
        "employeeNumber": user("9" * 201),
        'roles[type eq "jobLevel"]': user("S-1", roles=[{"type": "jobLevel", "value": "director"}]),
    }
    for attribute, body in refused.items():
        assert assert_error(await scim.send("POST", "/Users", body), 400, "invalidValue").startswith(attribute)
    assert (await scim.found())["totalResults"] == 0
    assert await scim.person("S-1") is None


async def test_a_number_or_a_name_is_one_users_alone(scim: Directory, company: Company) -> None:
    await scim.create("S-1")
    same_number = user("S-1", userName="another@aurora.example")
    assert assert_error(await scim.send("POST", "/Users", same_number), 409, "uniqueness").startswith("employeeNumber")
    same_name = user("S-2", userName="USER-S-1@aurora.example")
    assert assert_error(await scim.send("POST", "/Users", same_name), 409, "uniqueness").startswith("userName")


async def test_the_number_stays_that_of_the_first_write(scim: Directory, company: Company) -> None:
    created = await scim.create("S-1")
    change = {"op": "replace", "path": f"{ENTERPRISE}:employeeNumber", "value": "S-99"}
    assert (
        await scim.patch(created["id"], change, {"op": "replace", "path": "title", "value": "Boss"})
    ).status_code == 204
    person = await scim.person("S-1")
    assert person
    assert person["job_title"] == "Boss"
    assert await scim.person("S-99") is None


async def test_nobody_reports_to_themselves_over_others_neither(scim: Directory, company: Company) -> None:
    one, two, three = [(await scim.create(f"S-{number}"))["id"] for number in range(3)]
    assert (await scim.patch(one, manager(two))).status_code == 204
    assert (await scim.patch(two, manager(three))).status_code == 204
    for person, above in ((three, one), (three, three)):
        assert assert_error(await scim.patch(person, manager(above)), 400, "invalidValue").startswith("manager")
    kept = (await scim.send("GET", f"/Users/{three}")).json()
    assert "manager" not in kept[ENTERPRISE]


async def test_the_manager_of_a_user_is_the_manager_of_the_person(scim: Directory, company: Company) -> None:
    boss, created = await scim.create("S-0"), await scim.create("S-1")
    await scim.patch(created["id"], manager(boss["id"]))
    above, person = await scim.person("S-0"), await scim.person("S-1")
    assert above
    assert person
    assert person["manager_id"] == above["person_id"]
    await scim.patch(created["id"], {"op": "remove", "path": f"{ENTERPRISE}:manager"})
    person = await scim.person("S-1")
    assert person
    assert person["manager_id"] is None


async def test_who_is_forgotten_is_no_user_and_in_no_group(api: Api, scim: Directory, company: Company) -> None:
    one, two = [(await scim.create(f"S-{number}"))["id"] for number in range(2)]
    members = [{"value": one, "display": "Nadia"}, {"value": two}]
    group = (await scim.send("POST", "/Groups", {"schemas": [], "displayName": "Team", "members": members})).json()
    person = await scim.person("S-0")
    assert person
    await request_erasure(api.database, person["person_id"], "own_request", Caller("1", frozenset()))
    assert_error(await scim.send("GET", f"/Users/{one}"), 404)
    after = (await scim.send("GET", f"/Groups/{group['id']}")).json()
    assert [member["value"] for member in after["members"]] == [two]
    assert after["meta"]["version"] == '"2"'
    await scim.create("S-0")
    again = await scim.person("S-0")
    assert again
    assert again["person_id"] != person["person_id"]


async def test_groups_are_kept_and_place_nobody(api: Api, scim: Directory, company: Company) -> None:
    created = await scim.create("S-1", department="Research")
    said = len(await changes(api))
    group = {"schemas": [], "displayName": "Everyone", "members": [{"value": created["id"]}]}
    answer = await scim.send("POST", "/Groups", group)
    assert answer.status_code == 201
    assert [member["value"] for member in answer.json()["members"]] == [created["id"]]
    assert len(await changes(api)) == said


async def test_a_group_larger_than_the_limit_is_refused(scim: Directory) -> None:
    members = [{"value": str(number)} for number in range(2_001)]
    answer = await scim.send("POST", "/Groups", {"schemas": [], "displayName": "All", "members": members})
    assert assert_error(answer, 400, "invalidValue").startswith("members")


async def test_patches_of_one_user_at_once_lose_nothing(api: Api, scim: Directory, company: Company) -> None:
    created = await scim.create("S-1", department="Research")
    paths = ["title", "displayName", "nickName", "locale", "timezone", "preferredLanguage", "userType"]
    answers = await asyncio.gather(
        *(scim.patch(created["id"], {"op": "add", "path": path, "value": f"de-{path}"}) for path in paths)
    )
    assert {answer.status_code for answer in answers} == {204}
    stored = (await scim.send("GET", f"/Users/{created['id']}")).json()
    assert {path: stored[path] for path in paths} == {path: f"de-{path}" for path in paths}
    assert stored["meta"]["version"] == f'"{1 + len(paths)}"'
    versions = [version for _, version in await api.events(ProfileChangedV1)]
    person = await scim.person("S-1")
    assert person
    assert (person["job_title"], person["name"], person["version"]) == ("de-title", "de-displayName", 3)
    assert versions[-3:] == [1, 2, 3]
