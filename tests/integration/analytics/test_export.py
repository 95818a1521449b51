"""What a person takes along: everything that is kept of them, and nothing of anybody else."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from analytics_service import export
from flash_schemas import session as said
from flash_schemas.profile import UnitRef

from tests.integration.analytics.conftest import MARCH, World

KINDS = ("parts", "places", "sessions", "surveys", "pairs", "messages", "searches")


async def exported(world: World, person_id: UUID) -> Any:
    headers = world.api.callers.sign_in("employee", person_id=person_id)
    answer = await world.api.client.get("/api/v1/me/figures/export", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def a_story(world: World) -> dict[str, Any]:
    """Two people who met, wrote, rated each other, and want to meet again."""
    ids = await world.ask()
    await world.hold(ids)
    await world.rate(ids, "learner", 5)
    await world.rate(ids, "mentor", 2)
    await world.write(ids, "learner")
    await world.search(3, ids["learner_id"])
    await world.place(ids["learner_id"], UnitRef(unit_id=uuid4(), name="Sales"))
    await world.say(said.FollowUpAnsweredV1(**ids, used="no"), said.RelationshipMadeV1(**ids, by="both_wished"))
    return ids


async def test_a_learner_takes_along_everything_that_is_kept_of_them(world: World) -> None:
    ids = await a_story(world)
    found = await exported(world, ids["learner_id"])
    assert found["complete"]
    (session,), (survey,), (pair,) = found["sessions"], found["surveys"], found["pairs"]
    assert (session["session_id"], session["side"], session["used"]) == (str(ids["session_id"]), "learner", False)
    assert session["held_on"] == pair["first_held_on"] == "2026-03-10"
    assert (survey["side"], survey["rating"]) == ("learner", 5)
    assert [message["side"] for message in found["messages"]] == ["sender"]
    assert [search["available"] for search in found["searches"]] == [3]
    assert [place["department"] for place in found["places"]] == ["Sales"]
    assert {part["measure"] for part in found["parts"]} >= {"asked", "held", "message", "search", "rated_learner"}


async def test_what_the_other_side_answered_is_theirs(world: World) -> None:
    ids = await a_story(world)
    found = await exported(world, ids["mentor_id"])
    assert [(each["side"], each["used"], each["followed_up_at"]) for each in found["sessions"]] == [
        ("mentor", None, None)
    ]
    assert [(survey["side"], survey["rating"]) for survey in found["surveys"]] == [("mentor", 2)]
    assert [message["side"] for message in found["messages"]] == ["recipient"]
    assert found["searches"] == []
    assert str(ids["learner_id"]) not in str(found)


async def test_of_somebody_who_had_no_part_nothing_is_kept(world: World) -> None:
    await a_story(world)
    found = await exported(world, uuid4())
    assert [found[kind] for kind in KINDS] == [[]] * len(KINDS)


async def test_what_is_too_much_for_one_answer_is_cut_off_and_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "LIMIT_ROWS", 1)
    learner_id = uuid4()
    for days in range(2):
        await world.search(days, learner_id, at=MARCH + timedelta(days=days))
    found = await exported(world, learner_id)
    assert not found["complete"]
    assert [search["available"] for search in found["searches"]] == [1], "the newest"
