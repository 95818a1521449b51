"""Who asks to be forgotten is gone here at once; leavers by a rule; and the profile service keeps the receipts."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_schemas.erasure import ErasureConfirmedV1, ErasureRequestedV1
from flash_schemas.profile import ProfileChangedV1
from profile_service import metrics, model
from profile_service.consumers import take_erasures
from profile_service.erasing import erase_some, erased_objects
from profile_service.republish import republish
from prometheus_client import REGISTRY

from tests.integration.profile.conftest import Company
from tests.integration.profile.test_photos import image, upload
from tests.integration.profile.test_profiles import edit
from tests.support.deliveries import delivery

OWN = "/api/v1/me/erasure"
LAW = "legal_obligation"
PHRASE = {"confirmation": "erase me for ever"}
OF_PERSON = "SELECT aggregate_version FROM outbox WHERE aggregate_id = $1 AND topic = 'profile-events' ORDER BY id"
LONG_AGO = "UPDATE leaver SET since = since - make_interval(days => $1)"
SNAPSHOT = """
INSERT INTO hr_snapshot (source, snapshot, at, phase, parts, confirmed, refusals)
VALUES ('hr', 's', now(), 'people', '{1}', true, $1)
"""
ENTRY = "INSERT INTO hr_snapshot_entry VALUES ('hr', 'person', '1', 1, '{\"name\": \"Nadia\"}')"
REQUESTED_LONG_AGO = "UPDATE erasure_request SET requested_at = requested_at - make_interval(days => $1)"


async def ask(company: Company, number: str) -> Any:
    answer = await company.api.client.post(OWN, json=PHRASE, headers=company.sign_in(number))
    assert answer.status_code == 202, answer.text
    return answer.json()


async def execute(company: Company, query: str, *values: Any) -> None:
    async with company.api.database.transaction() as transaction:
        await transaction.execute(query, *values)


async def confirm(company: Company, person_id: UUID, *services: str) -> None:
    """Receipts come."""
    events = [ErasureConfirmedV1(person_id=person_id, service=service, rows=1) for service in services]
    async with company.api.database.transaction() as transaction:
        await take_erasures(transaction, [delivery(event, 2) for event in events])


async def hear_request(company: Company) -> None:
    """The request comes back from its topic."""
    (event, version), *_ = await company.api.events(ErasureRequestedV1)
    async with company.api.database.transaction() as transaction:
        await take_erasures(transaction, [delivery(event, version)])


async def test_who_is_forgotten_leaves_an_empty_state_at_a_newer_version(company: Company) -> None:
    await edit(company, "1", 1, bio="mine", languages=["pt"])
    answer = await ask(company, "1")
    assert (answer["state"], answer["reason"]) == ("in_progress", "own_request")
    assert {receipt["confirmed_at"] for receipt in answer["receipts"]} == {None}
    event, version = (await company.api.events(ProfileChangedV1))[-1]
    request, _ = (await company.api.events(ErasureRequestedV1))[-1]
    assert (event.change, event.status, event.name, event.bio, event.languages) == ("erased", "left", "Erased", "", ())
    assert (request.person_id, request.profile_version) == (company.people["1"], version)
    assert [unit.unit_id for unit in event.unit_path] == [company.units["root"]], (
        "where they worked says something, too"
    )


@pytest.mark.parametrize("body", [{}, {"confirmation": "yes"}, {**PHRASE, "more": 1}])
async def test_a_slip_of_a_finger_forgets_nobody(company: Company, body: Any) -> None:
    answer = await company.api.client.post(OWN, json=body, headers=company.sign_in("1"))
    assert answer.status_code == 422
    assert await company.api.events(ErasureRequestedV1) == []


async def test_nobody_but_oneself_and_operators_forgets_and_sees(company: Company) -> None:
    path = f"/api/v1/people/{company.people['1']}/erasure"
    for roles in (["employee"], ["program_owner"], ["hr_platform"]):
        headers = company.api.callers.sign_in(*roles, person_id=company.people["2"])
        order = {"reason": LAW}
        assert (await company.api.client.post(path, json=order, headers=headers)).status_code == 403
        assert (await company.api.client.get(path, headers=headers)).status_code == 403
    operator, stranger = company.api.callers.sign_in("operator"), f"/api/v1/people/{uuid4()}/erasure"
    for address, reason, status in ((path, "a grudge", 422), (path, LAW, 202), (stranger, LAW, 404)):
        answer = await company.api.client.post(address, json={"reason": reason}, headers=operator)
        assert answer.status_code == status
    assert (await company.api.client.get(stranger, headers=operator)).status_code == 404
    assert (await company.api.client.get(OWN, headers=company.sign_in("2"))).status_code == 404


async def test_the_audit_log_says_who_had_whom_forgotten_and_why(company: Company) -> None:
    operator = company.api.callers.sign_in("operator")
    path = f"/api/v1/people/{company.people['1']}/erasure"
    await company.api.client.post(path, json={"reason": LAW}, headers=operator)
    await ask(company, "2")
    await ask(company, "2")
    answer = await company.api.client.get("/api/v1/audit", params={"subject_kind": "person"}, headers=operator)
    entries = [(item["subject_id"], item["person_id"], item["after"]["reason"]) for item in answer.json()["items"]]
    own, other = str(company.people["2"]), str(company.people["1"])
    assert entries == [(own, own, "own_request"), (other, None, LAW)]


async def test_a_snapshot_of_hr_keeps_no_number_of_who_is_forgotten(company: Company) -> None:
    refusals = [{"employee_number": number, "reason": "no such unit"} for number in ("1", "2")]
    await execute(company, SNAPSHOT, refusals)
    await execute(company, ENTRY)
    await ask(company, "1")
    async with company.api.database.connection() as connection:
        assert await connection.fetchval("SELECT refusals FROM hr_snapshot") == refusals[1:]
        assert await connection.fetchval("SELECT count(*) FROM hr_snapshot_entry") == 0


async def test_asking_twice_is_asking_once_until_an_operator_asks_again(company: Company) -> None:
    first = await ask(company, "1")
    assert await ask(company, "1") == first
    assert len(await company.api.events(ErasureRequestedV1)) == 1
    path, operator = f"/api/v1/people/{company.people['1']}/erasure", company.api.callers.sign_in("operator")
    await company.api.client.post(path, json={"reason": LAW}, headers=operator)
    (one, version), (other, later) = await company.api.events(ErasureRequestedV1)
    assert (one, version) == (other, later - 2)
    await confirm(company, company.people["1"], *model.services_asked())
    await company.api.client.post(path, json={"reason": LAW}, headers=operator)
    assert len(await company.api.events(ErasureRequestedV1)) == 2


async def test_it_is_done_when_the_last_service_has_confirmed(company: Company) -> None:
    await ask(company, "1")
    *some, last = model.services_asked()
    await confirm(company, company.people["1"], *some, *some)
    for services, state in (((), "in_progress"), ((last,), "done")):
        await confirm(company, company.people["1"], *services)
        progress = (await company.api.client.get(OWN, headers=company.sign_in("1"))).json()
        assert progress["state"] == state
        assert [receipt["confirmed_at"] is None for receipt in progress["receipts"]][-1] is (state == "in_progress")


async def test_a_request_that_nobody_confirms_grows_old_in_the_metric(company: Company) -> None:
    await ask(company, "1")
    await execute(company, REQUESTED_LONG_AGO, 1)
    await erase_some(company.api.database, 0)
    oldest_s = REGISTRY.get_sample_value("flash_erasure_oldest_seconds")
    assert oldest_s
    assert oldest_s > timedelta(hours=23).total_seconds()
    assert REGISTRY.get_sample_value("flash_erasures_unconfirmed") == 1
    await confirm(company, company.people["1"], *model.services_asked())
    await erase_some(company.api.database, 0)
    assert metrics.ERASURE_OLDEST.collect()
    assert REGISTRY.get_sample_value("flash_erasure_oldest_seconds") == 0


async def test_former_states_leave_the_outbox(company: Company) -> None:
    await edit(company, "1", 1, bio="mine")
    await ask(company, "1")
    async with company.api.database.connection() as connection:
        assert len(await connection.fetch(OF_PERSON, company.people["1"])) == 3
    await hear_request(company)
    async with company.api.database.connection() as connection:
        assert [row[0] for row in await connection.fetch(OF_PERSON, company.people["1"])] == [3]


async def test_a_restored_backup_forgets_again_when_it_reads_the_request(company: Company) -> None:
    await ask(company, "1")
    name = "UPDATE person SET name = 'Nadia', employee_number = '1', version = 1 WHERE person_id = $1"
    await execute(company, name, company.people["1"])
    await execute(company, "DELETE FROM erasure_request")
    await hear_request(company)
    event, version = (await company.api.events(ProfileChangedV1))[-1]
    assert (event.name, version) == ("Erased", 2)
    assert (await company.api.client.get(OWN, headers=company.sign_in("1"))).status_code == 200


async def test_the_photo_is_gone_at_once_and_counted_for_the_receipt(company: Company) -> None:
    await upload(company, image())
    for number in ("1", "2"):
        await ask(company, number)
    await hear_request(company)
    counted = [await erased_objects(company.api.database, company.people[number]) for number in ("1", "2", "3")]
    assert counted == [1, 0, 0]
    async with company.api.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM photo") == 0


async def test_hr_can_say_nothing_of_who_is_forgotten(company: Company) -> None:
    await ask(company, "1")
    (result,) = await company.push(company.event("person_changed", employee_number="1", name="Nadia"))
    assert result["outcome"] == "refused"
    before = company.people["1"]
    (result,) = await company.push(company.joined("1", "sales"))
    assert result["outcome"] == "applied"
    assert company.people["1"] != before


async def test_a_renamed_root_and_a_republication_leave_two_who_are_forgotten_empty(company: Company) -> None:
    one, other = company.people["1"], company.people["2"]
    await ask(company, "1")
    await ask(company, "2")
    await company.push(company.unit("root", "Borealis"))
    await company.settle()
    await republish(company.api.service)
    newest = {event.person_id: event for event, _ in await company.api.events(ProfileChangedV1)}
    assert {newest[person_id].name for person_id in (one, other)} == {"Erased"}
    assert {newest[person_id].change for person_id in (one, other)} == {"erased"}


async def test_leavers_are_forgotten_after_their_time_and_not_who_came_back(company: Company) -> None:
    await company.push(*(company.event("person_left", employee_number=number) for number in ("1", "2", "3")))
    await erase_some(company.api.database, 30)
    await execute(company, LONG_AGO, 29)
    await company.push(company.joined("2", "crm"))
    await erase_some(company.api.database, 30)
    assert await company.api.events(ErasureRequestedV1) == []
    await execute(company, LONG_AGO, 1)
    await erase_some(company.api.database, 0)
    assert await company.api.events(ErasureRequestedV1) == [], "no rule, no erasure"
    await erase_some(company.api.database, 30)
    asked = {event.person_id: event.reason for event, _ in await company.api.events(ErasureRequestedV1)}
    assert asked == {company.people[number]: "no_longer_needed" for number in ("1", "3")}


async def test_the_empty_state_is_said_once_more_a_day_later_so_that_the_topic_begins_a_new_file(
    company: Company,
) -> None:
    await ask(company, "1")
    await erase_some(company.api.database, 0)
    before = await company.api.events(ProfileChangedV1)
    await execute(company, REQUESTED_LONG_AGO, 1)
    for _ in range(2):
        await erase_some(company.api.database, 0)
    *others, again = await company.api.events(ProfileChangedV1)
    assert others == before
    assert again == before[-1]
