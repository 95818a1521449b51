"""Programs: who takes part follows the rule, the organisation and the people's own choices."""

import json
from typing import Any

import pytest
from flash_schemas.profile import ProfileChangedV1, ProgramChangedV1

from tests.integration.profile.conftest import Company, program_body


async def create(company: Company, **values: Any) -> dict[str, Any]:
    owner = company.sign_in("4", "program_owner")
    answer = await company.api.client.post("/api/v1/programs", json=program_body(**values), headers=owner)
    assert answer.status_code == 201, answer.text
    await company.settle()
    program: dict[str, Any] = answer.json()
    return program


async def members(company: Company) -> set[str]:
    """Who takes part now, by what was published last."""
    last: dict[Any, Any] = {event.aggregate_id: event for event, _ in await company.api.events(ProfileChangedV1)}
    return {number for number, person_id in company.people.items() if last[person_id].participations}


async def test_the_rule_decides_who_takes_part(company: Company) -> None:
    sales = {"unit_id": str(company.units["sales"])}
    await create(company, eligibility={"units": [sales], "locations": ["Berlin"]})
    assert await members(company) == {"1", "2"}


async def test_a_rule_without_sub_units_admits_the_unit_itself_alone(company: Company) -> None:
    await create(company, eligibility={"units": [{"unit_id": str(company.units["sales"]), "with_sub_units": False}]})
    assert await members(company) == {"1", "4"}


async def test_a_mover_joins_and_leaves_at_once(company: Company) -> None:
    await create(company, eligibility={"units": [{"unit_id": str(company.units["sales"])}]})
    await company.push(
        company.event("person_moved", employee_number="3", unit="crm"),
        company.event("person_on_leave", employee_number="1"),
    )
    assert await members(company) == {"2", "3", "4"}


async def test_who_stays_out_stays_out_when_the_program_changes(company: Company) -> None:
    program = await create(company)
    path, me = f"/api/v1/me/participations/{program['program_id']}", company.sign_in("1")
    assert (await company.api.client.put(path, json={"roles": []}, headers=me)).status_code == 200
    owner = {**company.sign_in("4", "program_owner"), "If-Match": '"1"'}
    body = program_body(name="Renamed")
    edited = await company.api.client.put(f"/api/v1/programs/{program['program_id']}", json=body, headers=owner)
    assert edited.headers["ETag"] == '"2"'
    await company.settle()
    assert await members(company) == {"2", "3", "4"}


async def test_progress_shows_when_everyone_is_evaluated(company: Company) -> None:
    program = await create(company)
    url, owner = f"/api/v1/programs/{program['program_id']}", company.sign_in("4", "program_owner")
    progress = (await company.api.client.get(url, headers=owner)).json()["participation_progress"]
    assert progress == {"people_done": 4, "people_total": 4, "finished": True}


async def test_the_same_request_with_the_same_key_makes_one_program(company: Company) -> None:
    owner = {**company.sign_in("4", "program_owner"), "Idempotency-Key": "once-and-no-more"}
    body = program_body()
    first = await company.api.client.post("/api/v1/programs", json=body, headers=owner)
    objective = first.json()["objectives"][0]
    fixed = program_body(objectives=[objective])
    other = {**owner, "Idempotency-Key": "another-key-here"}
    answers = [await company.api.client.post("/api/v1/programs", json=fixed, headers=other) for _ in range(2)]
    assert answers[0].json()["program_id"] == answers[1].json()["program_id"] != first.json()["program_id"]
    assert len(await company.api.events(ProgramChangedV1)) == 2


async def test_a_program_is_refused_by_field(company: Company) -> None:
    owner = company.sign_in("4", "program_owner")
    wrong = {"text": "Happy", "metric": "satisfaction_ratio", "target": 80, "due": "2027-03-31"}
    early = {"text": "Past", "metric": "connections", "target": 80, "due": "2020-03-31"}
    cases = {
        "objectives[0].target": program_body(objectives=[wrong]),
        "objectives[0].due": program_body(objectives=[early]),
        "ends_on": program_body(ends_on="2026-01-01"),
        "eligibility.units[0].unit_id": program_body(
            eligibility={"units": [{"unit_id": "0b6f1f9e-57e6-4ae1-8d1a-1f1b4e0a4f10"}]}
        ),
        "name": program_body(name=""),
        "colour": program_body(colour="red"),
    }
    for field, body in cases.items():
        answer = await company.api.client.post("/api/v1/programs", json=body, headers=owner)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert await company.api.events(ProgramChangedV1) == []


async def test_only_its_owner_changes_a_program_and_only_what_they_have_seen(company: Company) -> None:
    program = await create(company)
    url, body = f"/api/v1/programs/{program['program_id']}", program_body()
    foreign = {**company.sign_in("1", "program_owner"), "If-Match": '"1"'}
    owner = company.sign_in("4", "program_owner")
    put = company.api.client.put
    assert (await put(url, json=body, headers=foreign)).status_code == 403
    assert (await put(url, json=body, headers=owner)).status_code == 428
    assert (await put(url, json=body, headers={**owner, "If-Match": '"9"'})).status_code == 412


async def test_a_program_is_listed_for_its_people_and_hidden_from_others(company: Company) -> None:
    program = await create(company, eligibility={"units": [{"unit_id": str(company.units["sales"])}]})
    get = company.api.client.get
    listed = (await get("/api/v1/programs", headers=company.sign_in("1"))).json()["items"]
    assert [(item["program_id"], item["owned"]) for item in listed] == [(program["program_id"], False)]
    outsider = company.sign_in("3")
    assert (await get("/api/v1/programs", headers=outsider)).json()["items"] == []
    assert (await get(f"/api/v1/programs/{program['program_id']}", headers=outsider)).status_code == 404


async def test_what_somebody_chose_outlasts_everything_that_hr_says_of_them(company: Company) -> None:
    program = await create(company)
    path = f"/api/v1/me/participations/{program['program_id']}"
    assert (await company.api.client.put(path, json={"roles": []}, headers=company.sign_in("1"))).status_code == 200
    await company.push(
        company.event("person_changed", employee_number="1", location="Rome"),
        company.event("person_moved", employee_number="1", unit="lab"),
        company.event("person_left", employee_number="1"),
        company.joined("1", "sales"),
    )
    assert await members(company) == {"2", "3", "4"}


@pytest.mark.parametrize("target", ["1e999", "Infinity", "NaN", '"Infinity"', "1e300"])
async def test_a_target_that_no_figure_can_reach_is_refused_and_stops_nobody(company: Company, target: str) -> None:
    program, headers = await create(company), {**company.sign_in("4", "program_owner"), "If-Match": '"1"'}
    body = json.dumps(program_body()).replace('"target": 5', f'"target": {target}')
    send: Any = {"content": body, "headers": {**headers, "Content-Type": "application/json"}}
    answers = [
        await company.api.client.post("/api/v1/programs", **send),
        await company.api.client.put(f"/api/v1/programs/{program['program_id']}", **send),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "objectives[0].target")
    results = await company.push(company.event("person_changed", employee_number="1", location="Oslo"))
    assert results[0]["outcome"] == "applied"


async def test_numbers_that_no_level_and_no_meeting_has_are_refused_by_field(company: Company) -> None:
    owner, high = company.sign_in("4", "program_owner"), {"job_levels": [5, 2**31]}
    cases = [
        ("/programs/preview", {"eligibility": high}, "eligibility.job_levels[1]"),
        ("/programs", program_body(eligibility=high), "eligibility.job_levels[1]"),
        ("/programs", program_body(eligibility={"job_levels": [2**70]}), "eligibility.job_levels[0]"),
        ("/programs", program_body(request_policy={"session_minutes": [2**70]}), "request_policy.session_minutes[0]"),
    ]
    for path, body, field in cases:
        answer = await company.api.client.post(f"/api/v1{path}", json=body, headers=owner)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
