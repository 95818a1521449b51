"""Owners who leave or are forgotten: they are nobody's owner any more, and their programs go on with others."""

from typing import Any

import pytest
from flash_schemas.profile import ProgramChangedV1

from tests.integration.profile.conftest import Company, program_body
from tests.integration.profile.program_days import owner, post
from tests.integration.profile.test_programs import create

ERASURE = {"confirmation": "erase me for ever"}


async def leave(company: Company) -> None:
    await company.push(company.event("person_left", employee_number="4"))


async def be_forgotten(company: Company) -> None:
    await post(company, "/me/erasure", owner(company), ERASURE, status=202)


async def statuses(company: Company, path: str) -> dict[str, int]:
    """What the former owner is answered."""
    others = f"{path}/owners/{company.people['1']}"
    calls: list[tuple[str, str, Any]] = [
        ("PUT", path, program_body(name="Mine still")),
        ("POST", f"{path}/archive", None),
        ("POST", f"{path}/clone", {}),
        ("POST", f"{path}/roll-over", {}),
        ("PUT", others, None),
        ("DELETE", others, None),
        ("GET", f"{path}/versions", None),
        ("GET", f"{path}/visibility", None),
        ("POST", "/programs", program_body()),
        ("POST", "/programs/preview", {"eligibility": {}, "program_id": path.rpartition("/")[2]}),
        ("GET", path, None),
        ("GET", f"/people/{company.people['1']}", None),
    ]
    answers = {}
    for verb, where, body in calls:
        answer = await company.api.client.request(verb, f"/api/v1{where}", json=body, headers=owner(company, 1))
        answers[f"{verb} {where.replace(path, '').replace(str(company.people['1']), 'X')}"] = answer.status_code
    return answers


@pytest.mark.parametrize("go", [leave, be_forgotten])
async def test_a_former_owner_is_answered_like_somebody_who_owns_nothing(company: Company, go: Any) -> None:
    program = await create(company)
    path = f"/programs/{program['program_id']}"
    await go(company)
    before = len(await company.api.events(ProgramChangedV1))
    answers = await statuses(company, path)
    hidden = {"GET ", "GET /people/X"}
    assert answers == {call: 404 if call in hidden else 403 for call in answers}
    listed = await company.api.client.get("/api/v1/programs", headers=owner(company))
    assert listed.json()["items"] == []
    assert len(await company.api.events(ProgramChangedV1)) == before


async def test_who_is_back_owns_their_program_again(company: Company) -> None:
    program = await create(company)
    await leave(company)
    await company.push(company.joined("4", "sales"))
    await post(company, f"/programs/{program['program_id']}/archive", owner(company, 1))


async def test_an_operator_gives_a_program_whose_owner_left_to_somebody_else(company: Company) -> None:
    program = await create(company)
    path = f"/programs/{program['program_id']}"
    await leave(company)
    operator = {**company.api.callers.sign_in("operator"), "If-Match": '"1"'}
    put = company.api.client.put
    gone = await put(f"/api/v1{path}/owners/{company.people['4']}", headers=operator)
    assert gone.status_code == 422, "nobody who left"
    answer = await put(f"/api/v1{path}/owners/{company.people['1']}", headers=operator)
    assert (answer.status_code, answer.json()["owners"]) == (200, [str(company.people[number]) for number in "41"])
    assert (await put(f"/api/v1{path}", json=program_body(), headers=operator)).status_code == 403
    heir = company.sign_in("1", "program_owner") | {"If-Match": '"2"'}
    assert (await put(f"/api/v1{path}", json=program_body(name="Goes on"), headers=heir)).status_code == 200
    log = await company.api.client.get("/api/v1/audit", headers=company.api.callers.sign_in("auditor"))
    given = next(entry for entry in log.json()["items"] if entry["action"] == "program.owner_added")
    assert (given["person_id"], bool(given["client"])) == (None, True)
