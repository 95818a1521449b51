"""The org chart as a whole, in parts that take effect together."""

from typing import Any

import pytest
from flash_schemas.profile import ProfileChangedV1

from tests.integration.profile.conftest import Company
from tests.integration.profile.org_events import apply_snapshots, ask, listed, snapshot


async def test_a_snapshot_in_parts_takes_effect_when_it_is_whole(company: Company) -> None:
    before = len(await company.api.events(ProfileChangedV1))
    everyone = [listed("1", "sales", name="Nadia Ferreira"), listed("2", "crm", name="李秀英"), listed("4", "root")]
    common = {"sequence": 50}
    parts = [
        {**snapshot(company, everyone[:2], part=1, last=False), **common},
        {**snapshot(company, [*everyone[2:], listed("5", "crm")], part=3), **common},
    ]
    await company.push(*parts)
    assert (await apply_snapshots(company))["phase"] == "receiving"
    newer = company.event("person_changed", employee_number="2", location="Rome") | {"sequence": 60}
    after = company.joined("6", "lab") | {"sequence": 61}
    middle = {**snapshot(company, [], part=2, last=False, confirmed=True), **common}
    assert {result["outcome"] for result in await company.push(newer, after, middle)} == {"applied"}
    done = await apply_snapshots(company)
    assert (done["phase"], done["parts"], done["refused"]) == ("done", [1, 2, 3], 0)
    statuses = {number: (await ask(company, f"people/{number}"))["status"] for number in "123456"}
    assert [number for number, status in statuses.items() if status == "left"] == ["3"]
    told = [event for event, _ in (await company.api.events(ProfileChangedV1))[before:]]
    assert {(event.name, event.change) for event in told} == {
        ("李秀英", "hr_changed"),
        ("Person 6", "created"),
        ("Person 4", "hr_changed"),
        ("Person 5", "created"),
        ("Öykü Yılmaz", "hr_left"),
    }, "nobody who stays as they are is told of"
    units = await company.api.client.get("/api/v1/units", headers=company.sign_in("1"))
    assert {unit["name"] for unit in units.json()["items"]} == {
        "Aurora",
        "Sales and Marketing",
        "Customer Relations",
    }, "a unit that is missing is closed"


async def test_a_truncated_snapshot_ends_nobody_until_it_is_confirmed(company: Company) -> None:
    await company.push(snapshot(company, [listed("1", "sales")], sequence=50))
    refused = await apply_snapshots(company)
    assert refused["phase"] == "refused"
    assert "3 of 4 people" in refused["reason"]
    assert (await ask(company, "people/2"))["status"] == "active"
    async with company.api.database.connection() as connection:
        assert await connection.fetch("SELECT * FROM hr_snapshot_entry") == [], "whom it lists is forgotten at once"
    await company.push(snapshot(company, [listed("1", "sales")], sequence=50, confirmed=True))
    assert (await apply_snapshots(company))["phase"] == "done"
    assert (await ask(company, "people/2"))["status"] == "left"


async def test_a_snapshot_part_that_does_not_belong_is_refused_or_ignored(company: Company) -> None:
    first = snapshot(company, [listed("1", "sales")], sequence=50, last=False)
    other = snapshot(company, [], sequence=51, part=2)
    older = {**snapshot(company, [], sequence=40), "snapshot": "s0"}
    twice = snapshot(company, [listed("1", "sales"), listed("1", "crm")], sequence=50)
    results = await company.push(first, other, older, twice, first)
    assert [result["outcome"] for result in results] == ["applied", "refused", "ignored", "refused", "ignored"]
    assert results[1]["field"] == "time"


async def test_more_than_ten_thousand_listed_in_a_call_are_refused_whole(company: Company) -> None:
    people = [listed(str(number), "sales") for number in range(10_001)]
    body = {"events": [snapshot(company, people)]}
    answer = await company.api.client.post("/api/v1/hr/org-events", json=body, headers=company.headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "events")


async def test_a_snapshot_from_before_1970_is_refused_and_the_next_one_takes_effect(company: Company) -> None:
    everyone = [listed("1", "sales"), listed("2", "crm"), listed("3", "root"), listed("4", "root")]
    early = snapshot(company, everyone) | {"time": "0001-01-01T00:00:00+01:00"}
    (refused,) = await company.push(early)
    assert (refused["outcome"], refused["field"]) == ("refused", "time")
    assert (await company.push(snapshot(company, everyone)))[0]["outcome"] == "applied"
    assert (await apply_snapshots(company))["phase"] == "done"


async def managers(company: Company) -> dict[str, str | None]:
    query = """
        SELECT p.employee_number, m.employee_number FROM person AS p LEFT JOIN person AS m ON m.person_id = p.manager_id
    """
    async with company.api.database.connection() as connection:
        return {row[0]: row[1] for row in await connection.fetch(query)}


@pytest.mark.parametrize(
    ("known", "told", "becomes"),
    [
        ({"2": "1"}, {"1": "2", "2": None}, {"1": "2", "2": None, "3": None, "4": None}),
        ({"3": "2", "2": "1"}, {"1": "2", "2": "3", "3": None}, {"1": "2", "2": "3", "3": None, "4": None}),
        ({"2": "3", "3": "1"}, {"1": "2", "3": "4", "4": None}, {"1": "2", "2": "3", "3": "4", "4": None}),
    ],
    ids=["a report becomes the manager", "a line of three turns round", "by way of one of whom nothing is said"],
)
async def test_who_is_above_whom_may_turn_round(
    company: Company, known: dict[str, str], told: dict[str, Any], becomes: dict[str, str | None]
) -> None:
    for number, manager in known.items():
        await company.push(company.event("person_changed", employee_number=number, manager=manager))
    everyone = [listed(one, "sales", **({"manager": told[one]} if one in told else {})) for one in "1234"]
    await company.push(snapshot(company, everyone))
    done = await apply_snapshots(company)
    assert (done["phase"], done["applied"], done["refusals"]) == ("done", 8, [])
    assert await managers(company) == becomes


async def test_people_of_a_circle_are_refused_after_all_others(company: Company) -> None:
    everyone = [listed("1", "sales", manager="2"), listed("2", "crm", manager="1"), listed("3", "crm", manager="4")]
    await company.push(snapshot(company, [*everyone, listed("4", "root", name="Boss")]))
    done = await apply_snapshots(company)
    assert [(one["employee_number"], one["field"]) for one in done["refusals"]] == [("2", "manager")]
    assert await managers(company) == {"1": "2", "2": None, "3": "4", "4": None}
