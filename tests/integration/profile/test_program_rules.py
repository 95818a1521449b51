"""Who takes part: rules tried, followed over time, and read by those who may."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flash_schemas.profile import EligibilityRule, ProgramChangedV1
from profile_service import store
from profile_service.days import turn_day
from profile_service.model import Organisation, Person, eligible, placed

from tests.integration.profile.conftest import Company, program_body
from tests.integration.profile.program_days import (
    TODAY,
    a_day_passes,
    me,
    owner,
    post,
)
from tests.integration.profile.test_programs import create, members

LANGUAGES = """
UPDATE person SET declared = declared || jsonb_build_object(
    'languages', (ARRAY['["de"]', '["pt", "de"]', '[]']::jsonb[])[1 + job_level % 3],
    'visibility', CASE WHEN employee_number ~ '[02468]$' THEN '{"languages": "unit"}'::jsonb ELSE '{}'::jsonb END)
"""
HIRED_LONG_AGO = str(TODAY - timedelta(days=400))


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
