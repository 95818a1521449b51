"""Programs over their life: pauses, versions, archive, copies, the next period, a new day."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flash_schemas.profile import ProgramChangedV1

from tests.integration.profile.conftest import Company, program_body
from tests.integration.profile.program_days import TODAY, a_day_passes, last_event, owner, post
from tests.integration.profile.test_programs import create, members


async def test_a_program_is_archived_when_its_last_day_has_passed(company: Company) -> None:
    program = await create(company, ends_on=str(TODAY))
    assert await members(company) == {"1", "2", "3", "4"}
    async with company.api.database.transaction() as transaction:
        ended = "UPDATE program SET body = jsonb_set(body, '{ends_on}', to_jsonb($1::text))"
        await transaction.execute(ended, str(TODAY - timedelta(days=1)))
    await a_day_passes(company)
    event, version = (await company.api.events(ProgramChangedV1))[-1]
    assert (event.change, event.status, version) == ("archived", "archived", program["version"] + 1)
    assert await members(company) == set()


async def test_a_paused_role_is_carried_with_its_first_day_back(company: Company) -> None:
    program = await create(company)
    path, back = f"/api/v1/me/participations/{program['program_id']}", str(TODAY + timedelta(days=9))
    body: dict[str, Any] = {"roles": ["learner", "mentor"], "paused_until": {"mentor": back}}
    answer = await company.api.client.put(path, json=body, headers=company.sign_in("1"))
    assert answer.status_code == 200, answer.text
    (part,) = (await last_event(company, "1")).participations
    assert (part.roles, {role: str(day) for role, day in part.paused_until.items()}) == (
        ("learner", "mentor"),
        {"mentor": back},
    )
    for wrong in ({"mentor": str(TODAY)}, {"mentor": "2099-01-01"}):
        refused = await company.api.client.put(path, json={**body, "paused_until": wrong}, headers=company.sign_in("1"))
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "paused_until.mentor")


async def test_versions_and_audit_say_who_changed_what(company: Company) -> None:
    program = await create(company)
    path = f"/programs/{program['program_id']}"
    fields = {"filter": [], "search": ["bio"], "show": []}
    body = program_body(search_fields=fields)
    edited = await company.api.client.put(f"/api/v1{path}", json=body, headers=owner(company, 1))
    assert edited.status_code == 200, edited.text
    get, auditor = company.api.client.get, company.api.callers.sign_in("auditor")
    versions = (await get(f"/api/v1{path}/versions", headers=owner(company))).json()["items"]
    assert [(v["version"], v["change"], v["changed_by"]) for v in versions] == [
        (2, "edited", str(company.people["4"])),
        (1, "created", str(company.people["4"])),
    ]
    assert versions[0]["body"]["search_fields"] == fields
    assert (await get(f"/api/v1{path}/versions", headers=company.sign_in("1", "program_owner"))).status_code == 403
    editor = company.api.callers.sign_in("operator")
    await post(company, "/skills", editor, {"label": "Beekeeping"}, status=201)
    log: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await get("/api/v1/audit", params={"limit": 2, **({"cursor": cursor} if cursor else {})}, headers=auditor)
        ).json()
        log, cursor = log + page["items"], page["next_cursor"]
    assert [entry["action"] for entry in log] == ["skill.created", "program.edited", "program.created"]
    assert (log[0]["person_id"], bool(log[0]["client"])) == (None, True)
    assert log[1]["before"]["search_fields"] != log[1]["after"]["search_fields"] == fields
    assert log[2]["before"] is None
    one = await get("/api/v1/audit", params={"subject_id": program["program_id"]}, headers=auditor)
    assert len(one.json()["items"]) == 2
    assert (await get("/api/v1/audit", headers=owner(company))).status_code == 403


async def test_an_archived_program_ends_for_everyone_and_stays_as_it_is(company: Company) -> None:
    program = await create(company)
    path = f"/programs/{program['program_id']}"
    assert (await company.api.client.post(f"/api/v1{path}/archive", headers=owner(company))).status_code == 428
    for _ in range(2):
        archived = await post(company, f"{path}/archive", owner(company, 1, key="archive-it-once"))
        assert (archived["status"], archived["version"]) == ("archived", 2)
    await company.settle()
    assert await members(company) == set()
    await post(company, f"{path}/archive", owner(company, 2), status=409)
    edit = await company.api.client.put(f"/api/v1{path}", json=program_body(), headers=owner(company, 2))
    assert edit.status_code == 409
    assert [event.change for event, _ in await company.api.events(ProgramChangedV1)] == ["created", "archived"]


async def test_a_clone_is_a_program_of_its_own(company: Company) -> None:
    program = await create(company, ends_on="2026-11-30")
    path = f"/programs/{program['program_id']}/clone"
    copies = [
        await post(company, path, owner(company, key="clone-it-once"), {"name": "Another"}, status=201)
        for _ in range(2)
    ]
    assert copies[0] == copies[1]
    copy = copies[0]
    assert (copy["name"], copy["starts_on"], copy["continues"]) == ("Another", str(TODAY), None)
    assert copy["ends_on"] == str(TODAY + timedelta(days=29)), "as long as the first"
    assert copy["program_id"] != program["program_id"]
    assert copy["objectives"][0]["objective_id"] != program["objectives"][0]["objective_id"]
    await post(company, path, company.sign_in("1", "program_owner"), {}, status=403)


async def test_the_next_period_takes_over_with_owners_and_choices_when_the_first_ends(company: Company) -> None:
    program = await create(company, starts_on=str(TODAY - timedelta(days=9)), ends_on=str(TODAY))
    old_id, path = UUID(program["program_id"]), f"/programs/{program['program_id']}/roll-over"
    choice = f"/api/v1/me/participations/{old_id}"
    await company.api.client.put(choice, json={"roles": ["mentor"]}, headers=company.sign_in("1"))
    await company.api.client.put(choice, json={"roles": []}, headers=company.sign_in("2"))
    await post(company, path, owner(company, 7), {}, status=412)
    headers = owner(company, 1, key="roll-over-once")
    following, again = [await post(company, path, headers, {}, status=201) for _ in range(2)]
    assert following == again
    assert following["starts_on"] == str(TODAY + timedelta(days=1))
    assert following["ends_on"] == str(TODAY + timedelta(days=10))
    await post(company, path, owner(company, 2), {}, status=409)
    await company.settle()
    assert [part.program_id for part in (await last_event(company, "1")).participations] == [old_id]
    async with company.api.database.transaction() as transaction:  # the day after the first one's last
        earlier = """UPDATE program SET body = body || jsonb_build_object('starts_on', (body ->> 'starts_on')::date - 1,
            'ends_on', (body ->> 'ends_on')::date - 1)"""
        await transaction.execute(earlier)
    await a_day_passes(company)
    new_id = UUID(following["program_id"])
    taking_part = {number: (await last_event(company, number)).participations for number in company.people}
    assert [(part.program_id, part.roles) for part in taking_part["1"]] == [(new_id, ("mentor",))]
    assert taking_part["2"] == ()
    assert [(part.program_id, part.roles) for part in taking_part["3"]] == [(new_id, ("learner", "mentor"))]
    changes = [(event.program_id, event.change) for event, _ in await company.api.events(ProgramChangedV1)]
    assert changes == [(old_id, "created"), (old_id, "edited"), (new_id, "created"), (old_id, "archived")]


async def test_a_program_without_an_end_is_rolled_over_on_a_day_that_is_given(company: Company) -> None:
    program = await create(company)
    path = f"/programs/{program['program_id']}/roll-over"
    refused = await post(company, path, owner(company, 1), {}, status=422)
    assert refused["errors"][0]["field"] == "starts_on"
    following = await post(company, path, owner(company, 1), {"starts_on": str(TODAY)}, status=201)
    await company.settle()
    parts = (await last_event(company, "1")).participations
    assert [str(part.program_id) for part in parts] == [following["program_id"]]
