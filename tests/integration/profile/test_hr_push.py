"""What the HR platform pushes: every event judged by itself, nothing half applied, each change said once."""

import asyncio
from typing import Any

import pytest
from flash_schemas.profile import ProfileChangedV1

from tests.integration.profile.conftest import Company


async def test_people_are_published_with_their_way_from_the_root(company: Company) -> None:
    events = {event.name: (event, version) for event, version in await company.api.events(ProfileChangedV1)}
    li, version = events["李秀英"]
    assert [ref.name for ref in li.unit_path] == ["Aurora", "Sales and Marketing", "Customer Relations"]
    assert (li.person_id, li.change, version) == (company.people["2"], "created", 1)


async def test_a_repeated_push_changes_nothing(company: Company) -> None:
    before = len(await company.api.events())
    event = company.joined("9", "lab")
    assert (await company.push(event))[0]["outcome"] == "applied"
    again = (await company.push(event))[0]
    assert (again["outcome"], again["reason"]) == ("ignored", "seen before")
    assert len(await company.api.events()) == before + 1


async def test_an_older_event_does_not_undo_a_newer_one(company: Company) -> None:
    late = company.event("person_changed", employee_number="1", location="Oslo")
    newer = company.event("person_changed", employee_number="1", location="Rome")
    assert (await company.push(newer))[0]["outcome"] == "applied"
    assert (await company.push(late))[0]["outcome"] == "ignored"
    profile = await company.api.client.get("/api/v1/me/profile", headers=company.sign_in("1"))
    assert profile.json()["location"] == "Rome"


async def test_of_one_push_the_older_event_goes_first_wherever_it_stands(company: Company) -> None:
    late = company.event("person_changed", employee_number="1", location="Oslo")
    newer = company.event("person_changed", employee_number="1", location="Rome")
    assert [result["outcome"] for result in await company.push(newer, late)] == ["applied", "applied"]
    profile = await company.api.client.get("/api/v1/me/profile", headers=company.sign_in("1"))
    assert profile.json()["location"] == "Rome"


async def test_one_bad_event_names_its_field_and_the_others_apply(company: Company) -> None:
    bad_level = company.joined("8", "lab", job_level=99)
    no_unit = company.event("person_moved", employee_number="1", unit="nowhere")
    results = await company.push(
        bad_level, "nonsense", no_unit, {"type": "person_promoted"}, company.joined("7", "lab")
    )
    assert [result["outcome"] for result in results] == ["refused"] * 4 + ["applied"]
    assert [result["field"] for result in results[:1] + results[2:3]] == ["job_level", "unit"]
    missing = await company.api.client.get("/api/v1/hr/people/8", headers=company.headers)
    assert missing.status_code == 404


async def test_a_unit_cannot_lie_under_itself(company: Company) -> None:
    result = (await company.push(company.unit("sales", "Sales and Marketing", "crm")))[0]
    assert (result["outcome"], result["field"]) == ("refused", "parent")


async def test_a_renamed_unit_reaches_everyone_below_it_and_nobody_else(company: Company) -> None:
    before = len(await company.api.events())
    await company.push(company.unit("sales", "Revenue", "root"))
    await company.settle()
    told = (await company.api.events(ProfileChangedV1))[before:]
    changed: dict[Any, Any] = {event.aggregate_id: event for event, _ in told}
    assert set(changed) == {company.people[number] for number in ("1", "2", "4")}
    assert {event.unit_path[1].name for event in changed.values()} == {"Revenue"}
    assert {event.change for event in changed.values()} == {"unit_changed"}


async def test_a_leaver_is_published_without_what_they_said_of_themselves(company: Company) -> None:
    me = company.sign_in("1")
    edited = await company.api.client.put(
        "/api/v1/me/profile", json={"bio": "private"}, headers={**me, "If-Match": '"1"'}
    )
    assert edited.status_code == 200, edited.text
    await company.push(company.event("person_left", employee_number="1"))
    event: Any = (await company.api.events(ProfileChangedV1))[-1][0]
    assert (event.status, event.bio, event.participations) == ("left", "", ())
    assert (await company.push(company.event("person_left", employee_number="1")))[0]["outcome"] == "refused"


async def test_pushes_at_the_same_time_lose_nothing(company: Company) -> None:
    batches = [[company.joined(f"{batch}-{n}", "lab") for n in range(20)] for batch in range(5)]
    answers = await asyncio.gather(*(company.push(*batch) for batch in batches))
    assert {result["outcome"] for results in answers for result in results} == {"applied"}
    assert len(await company.api.events(ProfileChangedV1)) == 104


async def test_a_push_that_is_no_list_of_events_is_refused_whole(company: Company) -> None:
    bodies: list[dict[str, Any]] = [{"events": []}, {"events": "all"}, {"event": []}, {"events": [{}] * 10_001}]
    for body in bodies:
        answer = await company.api.client.post("/api/v1/hr/org-events", json=body, headers=company.headers)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] in ("events", "event")


async def test_only_the_hr_platform_pushes(company: Company) -> None:
    answer = await company.api.client.post("/api/v1/hr/org-events", json={"events": [{}]}, headers=company.sign_in("1"))
    assert answer.status_code == 403


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"])
async def test_an_event_from_before_1970_is_refused_at_its_time_and_the_others_apply(
    company: Company, time: str
) -> None:
    early = company.event("person_changed", employee_number="1", location="Oslo") | {"time": time}
    unit = company.unit("lab", "Laboratory", "root") | {"time": time}
    good = company.event("person_changed", employee_number="2", location="Rome")
    results = await company.push(early, unit, good)
    assert [(result["outcome"], result["field"]) for result in results] == [
        ("refused", "time"),
        ("refused", "time"),
        ("applied", None),
    ]
    assert (await company.push(early))[0]["field"] == "time", "also when it is repeated"
