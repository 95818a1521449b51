"""Searching, paging, conditions, Bulk and errors of the SCIM server."""

from typing import Any

import asyncpg
import pytest
from flash_local.databases import DatabaseUrls
from profile_service.scim.filters import SqlFilter
from profile_service.scim.users import ScimUser

from tests.integration.profile.conftest import Company
from tests.support.apis import Api
from tests.support.scim import BULK, Directory, assert_error, directory, user


@pytest.fixture
async def scim(api: Api, company: Company, capsys: pytest.CaptureFixture[str]) -> Directory:
    return await directory(api, capsys)


def post(number: str, **attributes: Any) -> dict[str, Any]:
    return {"method": "POST", "path": "/Users", "bulkId": f"b-{number}", "data": user(number, **attributes)}


async def many(scim: Directory, count: int) -> None:
    results = await scim.bulk(*(post(f"{number:03}", title=f"Title {number % 3}") for number in range(count)))
    assert {result["status"] for result in results} == {"201"}


async def test_pages_by_index_hold_everyone_once_in_order(scim: Directory) -> None:
    await many(scim, 7)
    pages = [await scim.found(sortBy="userName", startIndex=start, count=3) for start in (1, 4, 7, 10)]
    assert {page["totalResults"] for page in pages} == {7}
    names = [each["userName"] for page in pages for each in page.get("Resources", [])]
    assert names == [f"user-{number:03}@aurora.example" for number in range(7)]


async def test_pages_by_cursor_hold_everyone_once_while_others_come_and_go(scim: Directory) -> None:
    await many(scim, 7)
    page = await scim.found(sortBy="title", sortOrder="descending", cursor="", count=3)
    names = [each["userName"] for each in page["Resources"]]
    await scim.send("DELETE", f"/Users/{page['Resources'][-1]['id']}")
    await scim.create("new", title="Title 9")
    while "nextCursor" in page:
        page = await scim.found(sortBy="title", sortOrder="descending", cursor=page["nextCursor"], count=3)
        names += [each["userName"] for each in page["Resources"]]
    assert sorted(names) == [f"user-{number:03}@aurora.example" for number in range(7)]


async def test_a_cursor_of_another_search_or_of_nobody_is_refused(scim: Directory) -> None:
    await many(scim, 3)
    cursor = (await scim.found(cursor="", count=1))["nextCursor"]
    other = await scim.send("GET", "/Users", params={"cursor": cursor, "count": 1, "filter": "title pr"})
    assert_error(other, 400, "invalidCursor")
    assert_error(await scim.send("GET", "/Users", params={"cursor": "made-up"}), 400, "invalidCursor")
    assert_error(await scim.send("GET", "/Users", params={"cursor": cursor, "count": 2}), 400, "invalidCount")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('title eq "title 1" and active eq true', ["001", "004"]),
        ('externalId eq "ext-002"', ["002"]),
        ('externalId eq "EXT-002"', []),
        ('userName sw "USER-00" and not (title co "2")', ["000", "001", "003", "004"]),
        ('addresses[type eq "work" and locality eq "berlin"] and userName ew "3@aurora.example"', ["003"]),
        ('urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber ge "003"', ["003", "004"]),
        ('meta.lastModified gt "2100-01-01T00:00:00Z"', []),
        ("manager pr", []),
        ('userName eq "x\'; DROP TABLE scim_resource; --"', []),
    ],
)
async def test_a_filter_finds_these(scim: Directory, text: str, numbers: list[str]) -> None:
    await many(scim, 5)
    if text == "manager pr":
        text = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager pr"
    page = await scim.found(filter=text, sortBy="userName")
    assert [each["externalId"].removeprefix("ext-") for each in page.get("Resources", [])] == numbers
    assert page["totalResults"] == len(numbers)


async def test_a_denied_filter_finds_those_without_a_value_too(scim: Directory) -> None:
    await scim.create("S-1")
    without = await scim.create("S-2", externalId=None)
    page = await scim.found(filter='not (externalId eq "ext-S-1")')
    assert [each["id"] for each in page["Resources"]] == [without["id"]]


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ('userName eq "User-001@Aurora.example"', "scim_resource_user_name"),
        ('externalId eq "ext-001"', "scim_resource_external_id"),
    ],
)
async def test_what_clients_ask_before_every_write_goes_over_an_index(
    profile_database: DatabaseUrls, scim: Directory, text: str, index: str
) -> None:
    await many(scim, 50)
    values: list[Any] = ["User"]
    condition = SqlFilter(ScimUser, values).of(text)
    owner = await asyncpg.connect(profile_database.owner)
    await owner.execute("ANALYZE scim_resource; SET enable_seqscan = off")
    query = f"EXPLAIN SELECT FROM scim_resource WHERE type = $1 AND {condition}"
    plan = "\n".join(row[0] for row in await owner.fetch(query, *values))
    await owner.close()
    assert index in plan


@pytest.mark.parametrize("start", [2**31, 2**63, int("9" * 20)])
async def test_a_page_beyond_what_can_be_counted_is_empty(scim: Directory, start: int) -> None:
    await scim.create("S-1")
    page = await scim.found(startIndex=start)
    assert (page["totalResults"], page.get("Resources", [])) == (1, [])
    asked = await scim.send("POST", "/Users/.search", {"schemas": [], "startIndex": start})
    assert asked.json() == page


@pytest.mark.parametrize("text", ['title zz "x"', "title eq", "nobodyKnows pr", "active gt true", 'title eq "\\u0000"'])
async def test_a_filter_that_means_nothing_is_refused(scim: Directory, text: str) -> None:
    assert_error(await scim.send("GET", "/Users", params={"filter": text}), 400, "invalidFilter")


async def test_users_and_groups_are_found_together_at_the_root(scim: Directory) -> None:
    await many(scim, 2)
    await scim.send("POST", "/Groups", {"schemas": [], "displayName": "Team"})
    page = (await scim.send("GET", "", params={"sortBy": "displayName"})).json()
    assert [each["displayName"] for each in page["Resources"]] == ["Person 000", "Person 001", "Team"]


async def test_a_change_of_what_somebody_else_changed_is_refused(scim: Directory) -> None:
    created = await scim.create("S-1")
    etag = created["meta"]["version"]
    change = {"op": "replace", "path": "title", "value": "Boss"}
    changed = await scim.patch(created["id"], change, headers={"If-Match": etag})
    assert changed.status_code == 204
    assert changed.headers["etag"] != etag
    assert_error(await scim.patch(created["id"], change, headers={"If-Match": etag}), 412)
    gone = await scim.send("DELETE", f"/Users/{created['id']}", headers={"If-Match": etag})
    assert_error(gone, 412)
    same = await scim.send("GET", f"/Users/{created['id']}", headers={"If-None-Match": changed.headers["etag"]})
    assert same.status_code == 304


async def test_bulk_judges_each_operation_by_itself(scim: Directory) -> None:
    results = await scim.bulk(post("S-1"), post("S-2", title="x" * 201), post("S-3"), post("S-1"))
    assert [result["status"] for result in results] == ["201", "400", "201", "400"]
    assert results[1]["response"]["detail"].startswith("title")
    assert (await scim.found())["totalResults"] == 2
    assert await scim.person("S-2") is None


async def test_bulk_knows_a_manager_who_is_created_in_the_same_call(scim: Directory) -> None:
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    report = post("2", **{enterprise: {"employeeNumber": "2", "manager": {"value": "bulkId:b-1"}}})
    results = await scim.bulk(report, post("1"))
    assert [result["status"] for result in results] == ["201", "201"]
    boss, read = results[1]["location"], (await scim.found(filter='externalId eq "ext-2"'))["Resources"][0]
    assert boss.endswith(read[enterprise]["manager"]["value"])


async def test_bulk_stops_after_as_many_errors_as_the_client_says(scim: Directory) -> None:
    results = await scim.bulk(post("1", title="x" * 201), post("2"), failOnErrors=1)
    assert [result["status"] for result in results] == ["400"]


async def test_limits_are_those_that_are_announced(scim: Directory) -> None:
    config = (await scim.send("GET", "/ServiceProviderConfig")).json()
    assert config["bulk"] == {"supported": True, "maxOperations": 200, "maxPayloadSize": 1_048_576}
    assert (config["filter"]["maxResults"], config["pagination"]["maxPageSize"]) == (200, 200)
    too_many = {"schemas": [BULK], "Operations": [post(str(number)) for number in range(201)]}
    assert_error(await scim.send("POST", "/Bulk", too_many), 413)
    assert_error(await scim.send("POST", "/Users", user("1", displayName="x" * 1_048_577)), 413)
    await many(scim, 150)
    await scim.bulk(*(post(f"more-{number}") for number in range(60)))
    assert len((await scim.found(count=1000))["Resources"]) == 200
    assert len((await scim.found())["Resources"]) == 100


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "scim_type"),
    [
        ("GET", "/Nothing", None, 404, None),
        ("GET", "/Users/0d5f3a86-6f0c-4f0e-9b0a-2f6d3c1e7a55", None, 404, None),
        ("GET", "/Users/not-an-id", None, 404, None),
        ("DELETE", "/Users", None, 405, None),
        ("POST", "/Users", {"displayName": "Nameless"}, 400, "invalidValue"),
        ("POST", "/Users", ["not an object"], 400, "invalidSyntax"),
        ("POST", "/Users", {"schemas": [], "userName": "nul\0"}, 400, None),
        ("PATCH", "/Users/0d5f3a86-6f0c-4f0e-9b0a-2f6d3c1e7a55", {"Operations": ["nonsense"]}, 400, "invalidSyntax"),
        ("GET", "/Me", None, 501, None),
    ],
)
async def test_refusals_are_scim_errors(
    scim: Directory, method: str, path: str, body: Any, status: int, scim_type: str | None
) -> None:
    answer = await scim.send(method, path, body)
    assert answer.status_code == status, answer.text
    assert_error(answer, status, answer.json().get("scimType") if body else scim_type)


async def test_a_failure_of_our_own_says_nothing_of_the_inside_and_leaves_nothing(
    profile_database: DatabaseUrls, scim: Directory
) -> None:
    owner = await asyncpg.connect(profile_database.owner)
    await owner.execute("ALTER TABLE person ADD CONSTRAINT broken CHECK (name <> 'Person boom') NOT VALID")
    await owner.close()
    assert_error(await scim.send("POST", "/Bulk", {"schemas": [BULK], "Operations": [post("S-1"), post("boom")]}), 500)
    assert (await scim.found())["totalResults"] == 0
    assert await scim.person("S-1") is None


async def test_a_time_at_the_end_of_the_calendar_is_no_failure(scim: Directory) -> None:
    for time in ("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"):
        answer = await scim.send("GET", "/Users", params={"filter": f'meta.lastModified gt "{time}"'})
        assert_error(answer, 400, "invalidFilter")
