"""What a program's owner reads, and what nobody reads."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flash_schemas import session as said
from flash_schemas.profile import UnitRef

from tests.integration.analytics.conftest import APRIL, MARCH, World, a_profile, figure, objective
from tests.support.deliveries import delivery


async def test_a_report_tells_what_three_sessions_of_six_people_came_to(world: World) -> None:
    await world.program(objective("relationships_made", 1), objective("acceptance_ratio", 0.9))
    sessions = [await world.ask() for _ in range(3)]
    for ids in sessions[:2]:
        await world.hold(ids)
        await world.rate(ids, "learner", 5)
        await world.rate(ids, "mentor", 3)
    await world.say(said.SessionDeclinedV1(**sessions[2]), at=MARCH + timedelta(hours=6))
    for ids in sessions:
        await world.write(ids, "learner")
    await world.write(sessions[0], "mentor", at=MARCH + timedelta(hours=1))
    await world.say(said.RelationshipMadeV1(**sessions[0], by="both_wished"))
    report = await world.report()
    assert report["name"] == "Onboarding"
    assert report["as_of"] == (MARCH + timedelta(hours=6)).isoformat().replace("+00:00", "Z")
    assert figure(report, "messages_exchanged") == (4, 4, "value")
    assert figure(report, "two_way_threads") == (1, 3, "value")
    assert figure(report, "acceptance_ratio") == (2 / 3, 3, "value")
    assert figure(report, "hours_to_first_response_p50") == (0, 3, "value")
    assert figure(report, "hours_to_first_response_p90") == (6, 3, "value")
    mix = report["outcomes"]
    assert [mix[key] for key in ("cases", "accepted", "declined", "expired", "withdrawn", "open")] == [3, 2, 1, 0, 0, 0]
    assert figure(report, "connections") == (None, None, "suppressed"), "two pairs are four people"
    assert [judged["state"] for judged in report["objectives"]] == ["not_enough_data", "not_met"]
    assert report["metrics"]["connections"]["definition"] == "METRICS.md#connections"


async def test_a_program_in_which_nothing_happened_has_counts_of_zero_and_no_ratios(world: World) -> None:
    await world.program()
    report = await world.report()
    assert figure(report, "messages_exchanged") == (0, 0, "value")
    assert figure(report, "acceptance_ratio") == (None, 0, "not_enough_data")
    assert figure(report, "hours_to_first_response_p50") == (None, 0, "not_enough_data")
    assert report["outcomes"]["state"] == "not_enough_data"
    assert report["units"] == []


async def test_an_open_request_counts_as_waiting_and_an_unreported_session_as_not_held(world: World) -> None:
    await world.program()
    sessions = [await world.ask() for _ in range(4)]
    await world.hold(sessions[0])
    for ids in sessions[1:3]:
        await world.say(said.SessionAcceptedV1(**ids, capacity_month="2026-03"))
    for ids, days in zip(sessions[:3], (0, 1, 100_000), strict=True):
        await world.say(said.SessionScheduledV1(**ids, starts_at=MARCH + timedelta(days=days)))
    report = await world.report()
    assert report["outcomes"]["open"] == 1
    assert figure(report, "acceptance_ratio") == (3 / 4, 4, "value")
    assert figure(report, "hours_to_first_response_p50") == (0, 4, "value")
    assert figure(report, "hours_to_first_response_p90") == (None, 4, "not_enough_data")
    assert figure(report, "completion_ratio") == (None, None, "suppressed"), "the third has not begun"
    more = [await world.ask() for _ in range(3)]
    for ids in more:
        await world.hold(ids)
    assert figure(await world.report(), "completion_ratio") == (4 / 5, 5, "value")


async def test_sessions_of_which_nobody_said_anything_are_shown_as_not_held(world: World) -> None:
    await world.program()
    mentor_id = uuid4()
    for learners in range(1, 5):
        ids = await world.ask(mentor_id=mentor_id)
        await world.say(said.SessionScheduledV1(**ids, starts_at=MARCH))
        expected = (0, 4, "value") if learners == 4 else (None, None, "suppressed")
        assert figure(await world.report(), "completion_ratio") == expected


async def test_a_proposal_is_a_response_and_an_open_request_with_one_does_not_wait(world: World) -> None:
    await world.program()
    sessions = [await world.ask() for _ in range(3)]
    for ids in sessions:
        proposed = said.SessionCounterProposedV1(**ids, format="call", minutes=15, times=0)
        await world.say(proposed, at=MARCH + timedelta(hours=1))
    await world.say(said.SessionAcceptedV1(**sessions[0], capacity_month="2026-03"), at=MARCH + timedelta(days=2))
    report = await world.report()
    assert figure(report, "hours_to_first_response_p50") == (1, 3, "value")
    assert figure(report, "hours_to_first_response_p90") == (1, 3, "value")
    assert report["outcomes"]["open"] == 2


async def test_cancelling_after_the_start_leaves_no_session_out(world: World) -> None:
    await world.program()
    sessions = [await world.ask() for _ in range(5)]
    for ids in sessions:
        await world.say(said.SessionScheduledV1(**ids, starts_at=MARCH))
    for ids in sessions[:3]:
        await world.hold(ids)
    await world.say(said.SessionCancelledV1(**sessions[3], by="mentor"), at=MARCH - timedelta(hours=1))
    await world.say(said.SessionCancelledV1(**sessions[4], by="mentor"), at=MARCH + timedelta(hours=1))
    assert figure(await world.report(), "completion_ratio") == (3 / 4, 4, "value")


async def test_searches_that_could_offer_nobody_are_a_share_of_all(world: World) -> None:
    await world.program()
    for available in (0, 3, 1, 0, 2):
        await world.search(available)
    assert figure(await world.report(), "zero_result_ratio") == (2 / 5, 5, "value")


async def test_a_report_covers_whole_months_and_says_so(world: World) -> None:
    await world.program()
    for at in (MARCH, MARCH, MARCH, APRIL, APRIL, APRIL, APRIL):
        await world.write(await world.ask(at=at), "learner", at=at)
    march = await world.report(**{"from": "2026-03-10", "to": "2026-03-11"})
    assert march["period"] == {"from": "2026-03-01", "to": "2026-03-31"}
    assert figure(march, "messages_exchanged")[0] == 3
    assert figure(await world.report(to="2026-04-01"), "messages_exchanged")[0] == 7
    assert figure(await world.report(**{"from": "2026-04-30", "to": "2026-04-30"}), "messages_exchanged")[0] == 4


async def test_without_a_period_a_report_runs_from_the_programs_start_until_now(world: World) -> None:
    await world.program()
    period = (await world.get()).json()["period"]
    assert period["from"] == "2026-03-01"
    assert date.fromisoformat(period["to"]) >= datetime.now(UTC).date()


async def test_a_report_from_a_coming_month_covers_that_month(world: World) -> None:
    await world.program()
    coming = (datetime.now(UTC).date().replace(day=1) + timedelta(days=62)).replace(day=1)
    period = (await world.get(**{"from": str(coming)})).json()["period"]
    assert period["from"] == str(coming)
    assert date.fromisoformat(period["to"]) == (coming + timedelta(days=31)).replace(day=1) - timedelta(days=1)


async def test_the_report_of_a_program_from_before_all_reports_starts_with_the_first(world: World) -> None:
    await world.program(starts_on=date(1999, 9, 9))
    assert (await world.get()).json()["period"]["from"] == "2000-01-01"


async def test_a_report_is_as_new_as_its_facts_whatever_the_directory_heard(world: World) -> None:
    await world.program()
    await world.search(1)
    await world.place(uuid4(), UnitRef(unit_id=uuid4(), name="Labs"), at=APRIL)
    assert datetime.fromisoformat((await world.report())["as_of"]) == MARCH


async def test_an_objective_counts_from_the_programs_start_to_its_due_day_alone(world: World) -> None:
    due = MARCH.date() + timedelta(days=1)
    await world.program(objective("messages_exchanged", 3, due=due))
    for at in (MARCH, MARCH + timedelta(days=1), MARCH + timedelta(days=1), MARCH + timedelta(days=2)):
        await world.write(await world.ask(at=at), "learner", at=at)
    (judged,) = (await world.report(**{"from": "2026-05-01", "to": "2026-05-31"}))["objectives"]
    assert (judged["state"], judged["value"], judged["interval"]) == ("met", 3, None)


async def test_an_objective_that_asks_for_more_cases_is_not_judged(world: World) -> None:
    await world.program(objective("acceptance_ratio", 0.1, smallest_cases=4))
    for _ in range(3):
        await world.hold(await world.ask())
    (judged,) = (await world.report())["objectives"]
    assert (judged["state"], judged["value"], judged["cases"]) == ("not_enough_data", 1, 3)


async def test_figures_stay_when_a_person_leaves(world: World) -> None:
    await world.program()
    labs = UnitRef(unit_id=uuid4(), name="Labs")
    people = [uuid4() for _ in range(5)]
    for person_id in people:
        await world.place(person_id, labs, at=MARCH - timedelta(days=1))
        await world.hold(await world.ask(person_id, uuid4()))
    before = await world.report()
    await world.place(people[0], labs, at=MARCH, status="left", change="hr_left")
    after = await world.report()
    assert after["metrics"] == before["metrics"]
    assert after["units"] == before["units"]


async def test_what_happened_before_the_program_or_the_profile_is_known_counts_all_the_same(world: World) -> None:
    labs = UnitRef(unit_id=uuid4(), name="Labs")
    people = [uuid4() for _ in range(5)]
    for person_id in people:
        await world.ask(person_id)
    assert (await world.get()).status_code == 404
    await world.program()
    for person_id in people:
        await world.place(person_id, labs, at=APRIL)
    report = await world.report()
    assert figure(report, "acceptance_ratio") == (0, 5, "value")
    assert [(unit["name"], unit["requests_made"]["value"]) for unit in report["units"]] == [("Labs", 5)]


async def test_only_owners_of_the_program_know_that_there_is_a_report(world: World) -> None:
    await world.program()
    assert (await world.get(by=uuid4())).status_code == 404
    assert (await world.get(program_id=uuid4())).status_code == 404
    assert (await world.get(role="employee")).status_code == 403
    assert (await world.get(role="hr_platform")).status_code == 403
    unsigned = await world.api.client.get(f"/api/v1/programs/{world.program_id}/report")
    assert unsigned.status_code == 401


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from": "2026-02-30"}, "from"),
        ({"from": "0001-01-01"}, "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"to": "9999-12-31"}, "to"),
    ],
)
async def test_a_period_that_cannot_be_is_refused_by_the_name_of_its_field(
    world: World, params: dict[str, Any], field: str
) -> None:
    await world.program()
    answer = await world.get(**params)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_report_that_did_not_change_is_not_sent_again(world: World) -> None:
    await world.program()
    first = await world.get()
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = await world.get(headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    await world.search(1, at=APRIL)
    changed = await world.get(headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


async def test_the_newest_version_of_a_program_stays_in_whatever_order_versions_come(world: World) -> None:
    new, old = world.a_program(name="New"), world.a_program(name="Old")
    await world.hear(delivery(new, 2), delivery(old, 1))
    assert (await world.report())["name"] == "New"
    await world.hear(delivery(old, 1))
    assert (await world.report())["name"] == "New"


async def test_a_department_has_the_name_it_was_given_last(world: World) -> None:
    await world.program()
    learner_id, unit_id = uuid4(), uuid4()
    for _ in range(5):
        await world.ask(person_id := uuid4())
        await world.place(person_id, UnitRef(unit_id=unit_id, name="Old"), at=MARCH - timedelta(days=2))
    new, old = (a_profile(learner_id, UnitRef(unit_id=unit_id, name=name)) for name in ("New", "Old"))
    await world.hear(delivery(new, 2, at=MARCH), delivery(old, 1, at=MARCH - timedelta(days=1)))
    assert [unit["name"] for unit in (await world.report())["units"]] == ["New"]
    await world.hear(delivery(old, 1, at=MARCH - timedelta(days=1)))
    assert [unit["name"] for unit in (await world.report())["units"]] == ["New"]
