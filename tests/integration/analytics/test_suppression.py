"""What a report never shows: figures of few people, and what would give them away."""

from datetime import timedelta
from uuid import uuid4

import pytest
from flash_schemas import session as said
from flash_schemas.profile import UnitRef

from tests.integration.analytics.conftest import APRIL, MARCH, World, figure, objective


async def test_surveys_connections_and_relationships_are_counted_once_five_people_are_part(world: World) -> None:
    await world.program(objective("relationship_ratio", 0.3), objective("satisfaction_ratio", 0.99))
    mentor_id = uuid4()
    sessions = [await world.ask(mentor_id=mentor_id) for _ in range(5)]
    for rating, ids in enumerate(sessions, 1):
        await world.hold(ids)
        await world.rate(ids, "learner", rating)
    for ids in sessions[:2]:
        await world.say(said.RelationshipMadeV1(**ids, by="held_again"))
    await world.say(said.SurveySentV1(**sessions[0], side="mentor"))
    report = await world.report()
    assert figure(report, "connections") == (5, 5, "value")
    assert figure(report, "relationships_made") == (None, None, "suppressed"), "two pairs are three people"
    assert figure(report, "relationship_ratio") == (0.4, 5, "value")
    assert figure(report, "survey_response_ratio") == (5 / 6, 6, "value")
    assert figure(report, "survey_response_ratio_mentor") == (None, None, "suppressed"), "one mentor was asked"
    assert figure(report, "survey_response_ratio_learner") == (None, None, "suppressed"), "or the mentor's is plain"
    assert figure(report, "satisfaction_ratio") == (2 / 5, 5, "value")
    assert figure(report, "satisfaction_mean_learner") == (3, 5, "value")
    assert figure(report, "completion_ratio") == (1, 5, "value")
    met, missed = report["objectives"]
    assert (met["state"], met["value"], met["cases"]) == ("met", 0.4, 5)
    assert missed["state"] == "not_met"
    assert met["interval"] == pytest.approx([0.1176, 0.7693], abs=1e-4)
    for ids in sessions[2:4]:
        await world.say(said.RelationshipMadeV1(**ids, by="both_wished"))
    assert figure(await world.report(), "relationships_made") == (4, 4, "value")


async def test_one_relationship_of_a_pair_of_another_month_is_not_shown_beside_many_connections(world: World) -> None:
    await world.program()
    pair = await world.ask()
    await world.hold(pair)
    await world.say(said.RelationshipMadeV1(**pair, by="both_wished"), at=APRIL)
    for _ in range(5):
        await world.hold(await world.ask(at=APRIL), on=APRIL.date())
    april = await world.report(**{"from": "2026-04-01", "to": "2026-04-30"})
    assert figure(april, "connections") == (5, 5, "value")
    assert figure(april, "relationships_made") == (None, None, "suppressed")


async def test_one_solved_in_chat_of_another_month_is_not_shown_beside_many_requests(world: World) -> None:
    await world.program()
    await world.say(said.SessionSolvedInChatV1(**await world.ask()), at=APRIL)
    for _ in range(5):
        await world.ask(at=APRIL)
    april = await world.report(**{"from": "2026-04-01", "to": "2026-04-30"})
    assert figure(april, "acceptance_ratio") == (0, 5, "value")
    assert figure(april, "solved_in_chat") == (None, None, "suppressed")
    for _ in range(2):
        await world.say(said.SessionSolvedInChatV1(**await world.ask()), at=APRIL)
    april = await world.report(**{"from": "2026-04-01", "to": "2026-04-30"})
    assert figure(april, "solved_in_chat") == (3, 3, "value")


async def test_four_people_are_never_shown_in_any_part_of_a_report(world: World) -> None:
    await world.program(objective("messages_exchanged", 1))
    people = [uuid4() for _ in range(4)]
    for learner_id, mentor_id in zip(people[:2], people[2:], strict=True):
        ids = await world.ask(learner_id, mentor_id)
        await world.hold(ids)
        await world.rate(ids, "learner", 5)
        await world.write(ids, "learner")
        await world.search(0, learner_id)
    report = await world.report()
    shown = {name: found["value"] for name, found in report["metrics"].items() if found["state"] == "value"}
    assert shown == {"relationships_made": 0, "solved_in_chat": 0}, "what did not happen is about nobody"
    assert all(found["value"] is None for name, found in report["metrics"].items() if name not in shown)
    assert {key for key, value in report["outcomes"].items() if value is not None} == {"state", "definition"}
    assert [(judged["state"], judged["value"]) for judged in report["objectives"]] == [("not_enough_data", None)]
    assert report["units"] == []


async def test_departments_are_those_of_the_day_and_small_ones_hide_behind_another(world: World) -> None:
    await world.program()
    sales, law, labs = (UnitRef(unit_id=uuid4(), name=name) for name in ("Sales", "Law", "Labs"))
    learners = [uuid4() for _ in range(5 + 2 + 6)]
    departments = [sales] * 5 + [law] * 2 + [labs] * 6
    for person_id, department in zip(learners, departments, strict=True):
        await world.ask(person_id)
        await world.place(person_id, department, at=MARCH - timedelta(days=9))
    shown = {unit["name"]: unit["requests_made"]["value"] for unit in (await world.report())["units"]}
    assert shown == {"Sales": None, "Law": None, "Labs": 6}, "Sales hides Law, as the total is known"
    for person_id in learners:
        await world.place(person_id, law, at=APRIL, change="hr_moved")
    again = {unit["name"]: unit["requests_made"]["value"] for unit in (await world.report())["units"]}
    assert again == shown


async def test_there_are_no_departments_where_the_total_would_tell_of_a_few(world: World) -> None:
    await world.program()
    labs = UnitRef(unit_id=uuid4(), name="Labs")
    for _ in range(4):
        learner_id = uuid4()
        await world.place(learner_id, labs, at=MARCH - timedelta(days=1))
        await world.ask(learner_id)
    report = await world.report()
    assert figure(report, "acceptance_ratio") == (0, 4, "value"), "eight people"
    assert report["units"] == []
    await world.ask(learner_id := uuid4())
    await world.place(learner_id, labs, at=MARCH - timedelta(days=1))
    assert [unit["requests_made"]["value"] for unit in (await world.report())["units"]] == [5]


async def test_people_who_moved_do_not_hide_themselves_in_their_former_department(world: World) -> None:
    await world.program()
    sales, law, labs = (UnitRef(unit_id=uuid4(), name=name) for name in ("Sales", "Law", "Labs"))
    movers, others = [uuid4() for _ in range(3)], [uuid4() for _ in range(6)]
    for person_id, department in [*((each, law) for each in movers), *((each, labs) for each in others)]:
        await world.place(person_id, department, at=MARCH - timedelta(days=9))
        await world.ask(person_id)
    for person_id in movers:
        await world.place(person_id, sales, at=MARCH + timedelta(days=1), change="hr_moved")
        await world.ask(person_id, at=MARCH + timedelta(days=2))
    shown = {unit["name"]: unit["requests_made"]["value"] for unit in (await world.report())["units"]}
    assert shown == {"Law": None, "Sales": None, "Labs": None}, "three people are all there are of Law and Sales"


async def test_a_thread_that_turns_out_to_be_older_leaves_its_people_out_of_the_later_month(world: World) -> None:
    await world.program()
    sessions = [await world.ask() for _ in range(3)]
    for ids in sessions:
        await world.write(ids, "learner", at=APRIL)
    april = {"from": "2026-04-01", "to": "2026-04-30"}
    assert figure(await world.report(**april), "two_way_threads") == (0, 3, "value")
    await world.write(sessions[0], "mentor", at=MARCH)
    assert figure(await world.report(**april), "two_way_threads") == (None, None, "suppressed")
