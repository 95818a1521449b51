"""Programs over their life: rules tried, pauses, owners, versions, archive, copies, the next period, a new day."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flash_schemas.profile import EligibilityRule, ProfileChangedV1, ProgramChangedV1
from profile_service import store
from profile_service.days import turn_day
from profile_service.model import Organisation, Person, eligible, placed

from tests.integration.profile.conftest import Company, program_body
from tests.integration.profile.test_programs import create, members

TODAY = datetime.now(UTC).date()
LANGUAGES = """
UPDATE person SET declared = declared || jsonb_build_object(
    'languages', (ARRAY['["de"]', '["pt", "de"]', '[]']::jsonb[])[1 + job_level % 3],
    'visibility', CASE WHEN employee_number ~ '[02468]$' THEN '{"languages": "unit"}'::jsonb ELSE '{}'::jsonb END)
"""
HIRED_LONG_AGO = str(TODAY - timedelta(days=400))


def owner(company: Company, version: int | None = None, key: str | None = None) -> dict[str, str]:
    """Headers of the program's owner, for a change of this version."""
    match = {} if version is None else {"If-Match": f'"{version}"'}
    return {**company.sign_in("4", "program_owner"), **match, **({"Idempotency-Key": key} if key else {})}


async def post(company: Company, path: str, headers: dict[str, str], body: Any = None, status: int = 200) -> Any:
    answer = await company.api.client.post(f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def last_event(company: Company, number: str) -> ProfileChangedV1:
    """What was said last of somebody."""
    events: list[ProfileChangedV1] = [event for event, _ in await company.api.events(ProfileChangedV1)]
    return next(event for event in reversed(events) if event.person_id == company.people[number])


async def a_day_passes(company: Company) -> None:
    async with company.api.database.transaction() as transaction:
        await transaction.execute("UPDATE placed_day SET day = day - 1")
    await turn_day(company.api.database)
    await company.settle()


async def test_names_and_languages_decide_at_once(company: Company) -> None:
    people = company.people
    rule = {"languages": ["pt"], "included": [str(people["2"])], "excluded": [str(people["3"])]}
    await create(company, eligibility=rule)
    assert await members(company) == {"2"}
    for number in ("1", "3"):
        headers = {**company.sign_in(number), "If-Match": f'"{(await me(company, number))["version"]}"'}
        answer = await company.api.client.put("/api/v1/me/profile", json={"languages": ["pt"]}, headers=headers)
        assert answer.status_code == 200, answer.text
    assert await members(company) == {"1", "2"}


async def me(company: Company, number: str) -> Any:
    return (await company.api.client.get("/api/v1/me/profile", headers=company.sign_in(number))).json()


async def test_tenure_that_passes_with_time_is_followed_on_the_next_day_also_after_a_stop(company: Company) -> None:
    await company.push(company.joined("5", "lab", hired_on=HIRED_LONG_AGO), company.joined("6", "lab"))
    await create(company, eligibility={"tenure": {"at_least_months": 12}})
    assert await members(company) == {"5"}
    async with company.api.database.transaction() as transaction:  # as if a year had passed since the last evaluation
        await transaction.execute(
            "UPDATE person SET hired_on = $1 WHERE employee_number = '1'", TODAY - timedelta(days=800)
        )
    assert await members(company) == {"5"}
    await a_day_passes(company)
    assert await members(company) == {"1", "5"}
    before = len(await company.api.events())
    await turn_day(company.api.database)
    await company.settle()
    assert len(await company.api.events()) == before, "a day is turned once"


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


async def test_a_preview_counts_breaks_down_names_whom_one_may_see_and_compares(company: Company) -> None:
    await company.push(*(company.joined(f"l{n}", "lab", name=f"Lab {n}") for n in range(6)))
    sales = {"units": [{"unit_id": str(company.units["sales"])}]}
    program = await create(company, eligibility=sales)
    body = {"eligibility": {}, "program_id": program["program_id"]}
    preview = await post(company, "/programs/preview", owner(company), body)
    assert (preview["people"], preview["would_join"], preview["would_drop_out"]) == (10, 7, 0)
    assert [(group["label"], group["people"]) for group in preview["departments"]["groups"]] == [], "3 could be had"
    assert preview["departments"]["others"] == 10
    assert preview["locations"] == {"groups": [], "others": 10}, "nine in Berlin would tell of one in Lisbon"
    assert {person["name"] for person in preview["sample"]} == {"Nadia Ferreira", "李秀英", "Owner"}
    narrower = {**body, "eligibility": {**sales, "locations": ["Lisbon"]}}
    preview = await post(company, "/programs/preview", owner(company), narrower)
    assert (preview["people"], preview["would_join"], preview["would_drop_out"]) == (1, 0, 2)
    nowhere = {"eligibility": {"units": [{"unit_id": str(uuid4())}]}}
    refused = await post(company, "/programs/preview", owner(company), nowhere, status=422)
    assert refused["errors"][0]["field"] == "eligibility.units[0].unit_id"
    await post(company, "/programs/preview", company.sign_in("1", "program_owner"), body, status=403)
    await post(company, "/programs/preview", company.sign_in("1"), body, status=403)


async def test_counting_in_the_database_and_the_rule_agree(company: Company) -> None:
    """Random people and rules: the statement counts whom the rule admits, joins and drops."""
    chance = random.Random(7)
    units = list(company.units)
    days = [None, *(str(TODAY - timedelta(days=n)) for n in (0, 27, 31, 59, 364, 365, 366, 800))]
    await company.push(
        *(
            company.joined(
                f"r{n}",
                chance.choice(units),
                job_level=chance.randint(3, 5),
                location=chance.choice(["Oslo", "Rome"]),
                hired_on=chance.choice(days),
            )
            for n in range(60)
        )
    )
    async with company.api.database.transaction() as transaction:
        await transaction.execute(LANGUAGES)
        organisation = await store.organisation(transaction)
    people = await everybody(company, organisation)
    async with company.api.database.connection() as connection:
        for _ in range(80):
            rule, present = random_rule(chance, company), random_rule(chance, company)
            counts = await store.count_matches(connection, organisation, rule, present)
            admitted = {p.person_id for p in people if eligible(p, rule, TODAY)}
            before = {p.person_id for p in people if eligible(p, present, TODAY)}
            total = [(c.people, c.joining, c.leaving) for c in counts if c.grouping == 0b111]
            assert total == [(len(admitted), len(admitted - before), len(before - admitted))], (rule, present)


async def everybody(company: Company, organisation: Organisation) -> list[Person]:
    async with company.api.database.transaction() as transaction:
        found = await store.lock_next(transaction, "person", UUID(int=0), 1000)
    return [placed(person, organisation, []) for person in found if isinstance(person, Person)]


def random_rule(chance: random.Random, company: Company) -> EligibilityRule:
    def some(of: list[Any], most: int) -> list[Any]:
        return chance.sample(of, chance.randint(0, most)) if chance.random() < 0.5 else []

    unit_ids, ids = [str(unit) for unit in company.units.values()], [str(person) for person in company.people.values()]
    units = [{"unit_id": unit, "with_sub_units": chance.random() < 0.5} for unit in some(unit_ids, 2)]
    most = chance.choice([None, 0, 1, 2, 12, 24])
    tenure = {"at_least_months": chance.choice([0, 1, 2, 11, 12]), "at_most_months": most}
    return EligibilityRule.model_validate(
        {
            "units": units,
            "job_levels": some([3, 4, 5], 2),
            "locations": some(["Oslo", "Rome", "Berlin"], 2),
            "languages": some(["de", "pt"], 2),
            "tenure": tenure if chance.random() < 0.4 else None,
            "included": some(ids, 2),
            "excluded": some(ids, 2),
        }
    )


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


async def test_the_works_council_sees_who_can_see_what(company: Company) -> None:
    program = await create(company, search_fields={"filter": ["unit"], "search": ["bio"], "show": ["location"]})
    path = f"/api/v1/programs/{program['program_id']}/visibility"
    answer = (await company.api.client.get(path, headers=company.api.callers.sign_in("auditor"))).json()
    used = {field["field"]: (field["shown"], field["searched"], field["filtered"]) for field in answer["fields"]}
    assert used["location"] == (True, False, False)
    assert used["bio"] == (False, True, False)
    assert used["job_level"] == (False, False, False)
    own = {field["field"]: field for field in answer["personal_fields"]}
    assert [name for name, field in own.items() if field["searched"]] == ["skills"]
    assert all(set(field["seen_by"]) == {"everyone", "unit", "nobody"} for field in own.values())
    assert answer["participants"]["people"] is None, "four people are too few to count"
    await company.push(company.joined("5", "lab"))
    answer = (await company.api.client.get(path, headers=owner(company))).json()
    assert answer["participants"] == {"people": 5, "learners": 5, "mentors": 5, "paused": 0}
    assert (await company.api.client.get(path, headers=company.sign_in("1"))).status_code == 403


async def test_owners_add_owners_and_the_last_one_stays(company: Company) -> None:
    program = await create(company)
    base = f"/api/v1/programs/{program['program_id']}/owners"
    put, delete, second = company.api.client.put, company.api.client.delete, company.people["1"]
    assert (await delete(f"{base}/{company.people['4']}", headers=owner(company, 1))).status_code == 409
    assert (await put(f"{base}/{uuid4()}", headers=owner(company, 1))).status_code == 422
    stranger = {**company.sign_in("1", "program_owner"), "If-Match": '"1"'}
    assert (await put(f"{base}/{second}", headers=stranger)).status_code == 403
    assert (await put(f"{base}/{second}", headers=owner(company, 1))).status_code == 200
    assert (await delete(f"{base}/{company.people['4']}", headers=owner(company, 1))).status_code == 412
    left = await delete(f"{base}/{company.people['4']}", headers=owner(company, 2))
    assert left.json()["owners"] == [str(second)]
    event, version = (await company.api.events(ProgramChangedV1))[-1]
    assert (event.owners, version) == ((second,), 3)


async def test_participants_read_what_owners_write_them_but_not_whom_the_rule_names(company: Company) -> None:
    rule = {"excluded": [str(company.people["3"])]}
    program = await create(company, communication="Welcome!", eligibility=rule)
    path = f"/api/v1/programs/{program['program_id']}"
    seen = (await company.api.client.get(path, headers=company.sign_in("1"))).json()
    assert (seen["communication"], seen["eligibility"]["excluded"]) == ("Welcome!", [])
    own = (await company.api.client.get(path, headers=owner(company))).json()
    assert own["eligibility"]["excluded"] == rule["excluded"]
    long = program_body(communication="x" * 2001)
    assert (await post(company, "/programs", owner(company), long, status=422))["errors"][0]["field"] == "communication"


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
