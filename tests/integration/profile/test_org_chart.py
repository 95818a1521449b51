"""The org chart as HR pushes it: CloudEvents, what is not there yet, managers, and the progress."""

import asyncio
from random import Random
from typing import Any
from uuid import UUID

import orjson
from flash_schemas.profile import ProfileChangedV1
from profile_service import commands, hr, store
from profile_service.hr.cloud_events import TYPES
from profile_service.model import Organisation

from tests.integration.profile.conftest import TIME, Company
from tests.integration.profile.org_events import (
    CLOUD_EVENTS,
    ask,
    cloud_event,
    push_cloud_events,
)

STATE = """
SELECT person.employee_number, code, person.location, person.status, manager.employee_number AS manager
FROM person JOIN org_unit USING (unit_id) LEFT JOIN person manager ON manager.person_id = person.manager_id
WHERE person.employee_number LIKE 'm%' ORDER BY person.employee_number
"""


async def test_cloud_events_of_every_type_say_the_same_as_plain_ones(company: Company) -> None:
    person = {"name": "Ana", "job_title": "Engineer", "job_level": 3, "location": "Lisbon", "unit": "x"}
    answer = await push_cloud_events(
        company,
        cloud_event("1", "org.unit.created", 1, {"unit": "x", "name": "X", "parent": "root"}),
        cloud_event("2", "org.person.joined", 2, person, subject="9"),
        cloud_event("3", "org.unit.renamed", 3, {"name": "Y"}, subject="x", sequence="7"),
        cloud_event("4", "org.unit.moved", 4, {"unit": "x", "parent": "lab"}),
        cloud_event("5", "org.person.changed", 5, {"location": "Rome"}, subject="9"),
        cloud_event("6", "org.person.moved", 6, {"unit": "crm"}, subject="9"),
        cloud_event("7", "org.person.on_leave", 7, {}, subject="9"),
        cloud_event("8", "org.person.back", 8, {}, subject="9"),
        cloud_event("9", "org.person.left", 9, {}, subject="9"),
        cloud_event("10", "org.unit.closed", 10, {}, subject="x"),
        cloud_event("11", "org.snapshot", 11, {"snapshot": "s", "last": False}),
    )
    assert answer.json()["applied"] == len(TYPES), answer.text
    told = [event for event, _ in await company.api.events(ProfileChangedV1) if event.name == "Ana"]
    assert [event.change for event in told] == [
        "created",
        "hr_changed",
        "hr_moved",
        "hr_on_leave",
        "hr_back",
        "hr_left",
    ]


async def test_cloud_events_are_refused_by_attribute_and_field(company: Company) -> None:
    good = cloud_event("1", "org.person.left", 1, {}, subject="1")
    bad = {
        "id": {name: value for name, value in good.items() if name != "id"},
        "source": {**good, "source": ""},
        "specversion": {**good, "specversion": "0.3"},
        "time": {**good, "time": "yesterday"},
        "type": {**good, "type": "org.person.promoted"},
        "data": {**good, "data": "left"},
        "sequence": {**good, "sequence": "one"},
        "data.unit": cloud_event("2", "org.person.moved", 1, {}, subject="1"),
        "body": "nonsense",
    }
    results = (await push_cloud_events(company, *bad.values())).json()["results"]
    assert {result["outcome"] for result in results} == {"refused"}
    assert [result["field"] for result in results] == list(bad)
    ahead = await push_cloud_events(company, {**good, "time": "2999-01-01T00:00:00Z"})
    assert ahead.json()["results"][0]["field"] == "time"
    bodies: list[Any] = [{}, [], "x"]
    for body in bodies:
        headers = {**company.headers, **CLOUD_EVENTS}
        answer = await company.api.client.post("/api/v1/hr/org-events", content=orjson.dumps(body), headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "events")


async def test_the_same_id_from_another_sender_is_another_event(company: Company) -> None:
    event = company.event("person_changed", employee_number="1", location="Rome")
    other = {**event, "source": "/other", "sequence": event["sequence"] + 1000, "location": "Oslo"}
    results = await company.push(event, other, event, other)
    assert [result["outcome"] for result in results] == ["applied", "applied", "ignored", "ignored"]


async def test_events_may_come_before_what_they_need(company: Company) -> None:
    """In the same push: a person before their unit, a unit before its parent, a change before the person joined."""
    results = await company.push(
        company.event("person_changed", employee_number="9", location="Rome"),
        company.event("unit_moved", unit="a", parent="b"),
        company.joined("9", "a"),
        company.unit("a", "A", "b"),
        company.unit("b", "B", "root"),
        company.event("unit_closed", unit="lab"),
        company.event("person_moved", employee_number="nobody", unit="a"),
    )
    outcomes = [result["outcome"] for result in results]
    assert outcomes == ["ignored", "ignored", "applied", "applied", "applied", "applied", "refused"]
    late = await company.push(company.joined("10", "c"))
    assert (late[0]["outcome"], late[0]["field"]) == ("refused", "unit")


async def test_a_late_event_keeps_what_is_newer_and_adds_what_is_not_known(company: Company) -> None:
    late = company.event("person_changed", employee_number="1", location="Oslo", job_title="Director")
    newer = company.event("person_changed", employee_number="1", location="Rome")
    assert [result["outcome"] for result in await company.push(newer, late)] == ["applied", "applied"]
    profile = (await company.api.client.get("/api/v1/me/profile", headers=company.sign_in("1"))).json()
    assert (profile["location"], profile["job_title"]) == ("Rome", "Director")


async def test_a_unit_is_closed_after_the_units_under_it(company: Company) -> None:
    refused = (await company.push(company.event("unit_closed", unit="sales")))[0]
    assert (refused["outcome"], refused["field"]) == ("refused", "unit")
    results = await company.push(
        company.event("unit_closed", unit="sales"), company.event("unit_closed", unit="crm"), company.joined("9", "crm")
    )
    assert [result["outcome"] for result in results] == ["applied", "applied", "refused"]
    assert (await ask(company, "people/2"))["status"] == "active"


async def test_a_manager_may_be_named_before_they_join_and_stays_when_they_leave(company: Company) -> None:
    await company.push(
        company.joined("9", "lab", manager="boss"),
        company.event("person_changed", employee_number="1", manager="9"),
    )
    announced = UUID((await ask(company, "people/9"))["manager_id"])
    await company.push(company.joined("boss", "root"))
    assert company.people["boss"] == announced
    await company.push(company.event("person_left", employee_number="boss"))
    assert (await ask(company, "people/9"))["manager_id"] == str(announced)
    await company.push(company.event("person_changed", employee_number="9", manager=None))
    assert (await ask(company, "people/9"))["manager_id"] is None
    assert (await ask(company, "people/1"))["manager_id"] == str(company.people["9"])


async def test_nobody_is_their_own_manager(company: Company) -> None:
    await company.push(
        company.event("person_changed", employee_number="2", manager="1"),
        company.event("person_changed", employee_number="3", manager="2"),
    )
    results = await company.push(
        company.event("person_changed", employee_number="1", manager="3", location="Rome"),
        company.event("person_changed", employee_number="4", manager="4"),
    )
    assert [(result["outcome"], result["field"]) for result in results] == [("refused", "manager")] * 2
    profile = await company.api.client.get("/api/v1/me/profile", headers=company.sign_in("1"))
    assert profile.json()["location"] == "Berlin", "nothing of a refused event is applied"


async def test_progress_counts_the_people_below_what_changed(company: Company) -> None:
    assert (await ask(company, "progress"))["passes_waiting"] == 0
    await company.push(company.unit("sales", "Revenue", "root"), company.event("unit_moved", unit="crm", parent="lab"))
    progress = await ask(company, "progress")
    assert (progress["passes_waiting"], progress["people_done"], progress["people_total"]) == (2, 0, 3)
    await company.settle()
    assert (await ask(company, "progress"))["people_total"] == 0


async def test_a_shuffled_and_doubled_push_in_small_transactions_builds_the_same_company(company: Company) -> None:
    """Whatever comes in another transaction of the same push than what it needs waits for it."""
    events = [
        company.unit("m", "Makers", "root"),
        company.unit("n", "Night shift", "m"),
        *[company.joined(f"m{number}", "n", manager=f"m{number // 2}") for number in range(1, 12) if number > 1],
        company.joined("m1", "m"),
        company.event("unit_moved", unit="m", parent="lab"),
        company.event("unit_renamed", unit="n", name="Day shift"),
        *[company.event("person_changed", employee_number=f"m{number}", location="Rome") for number in (3, 5)],
        company.event("person_moved", employee_number="m5", unit="m"),
        company.event("person_left", employee_number="m7"),
    ]
    timed = [{**event, "time": f"2026-11-04T09:{minute:02}:00Z"} for minute, event in enumerate(events)]
    shuffled = Random(11).sample(timed * 2, len(timed) * 2)
    untimed = [{**event, "time": TIME} for event in shuffled]
    results = await commands.push_org_events(company.api.database, [hr.parse(event) for event in untimed], 3)
    assert not [result for result in results if result.outcome == "refused"]
    async with company.api.database.connection() as connection:
        rows = await connection.fetch(STATE)
    state = {row["employee_number"]: tuple(row)[1:] for row in rows}
    assert len(state) == 11
    assert state["m5"] == ("m", "Rome", "active", "m2")
    assert state["m7"] == ("n", "Berlin", "left", "m3")
    assert state["m1"] == ("m", "Berlin", "active", None)
    units = {unit.code: unit for unit in (await _organisation(company)).units.values()}
    assert (units["n"].name, units["m"].parent_id) == ("Day shift", company.units["lab"])


async def test_a_persons_edit_does_not_wait_while_the_tree_is_changed(company: Company) -> None:
    async with company.api.database.transaction() as transaction, asyncio.timeout(5):
        await store.lock_organisation(transaction)
        headers = {**company.sign_in("1"), "If-Match": '"1"'}
        answer = await company.api.client.put("/api/v1/me/profile", json={"bio": "now"}, headers=headers)
    assert answer.status_code == 200


async def _organisation(company: Company) -> Organisation:
    async with company.api.database.connection() as connection:
        return await store.organisation(connection)
