"""The session service with sessions in every state that an operation needs, and everybody around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flash_local.engines.every import Engines
from session_service.app import build
from session_service.settings import Settings

from tests.contract.api.stages import Stage
from tests.integration.session.conftest import TODAY, World
from tests.support.apis import offline_settings, serving_api
from tests.support.databases import drop_database, fresh_database
from tests.support.rehearsals import RehearsalDatabase

IN_PROGRAM = ("learner", "mentor", "colleague", "manager")


@asynccontextmanager
async def staged(engines: Engines) -> AsyncIterator[Stage]:
    """The stage on a database of its own."""
    urls = await fresh_database(engines.postgres_url, "session")
    settings = Settings(**offline_settings(urls.app))
    async with serving_api(replace(build(settings), database=RehearsalDatabase(settings))) as api:
        world, stage = World(api), Stage(api)
        await world.program(sessions_per_mentor_and_month=10)
        people = {name: await world.person() for name in IN_PROGRAM}
        elsewhere = World(api)
        await elsewhere.program()
        people["stranger"] = await elsewhere.person()
        people["owner"] = await world.person(joined=False)
        people["leaver"] = await world.person(status="left")
        people["newcomer"] = uuid4()
        _sign_in(stage, people)
        stage.values = await _sessions(world, people["learner"], people["mentor"])
        stage.bodies = _bodies(world, people["mentor"])
        yield stage
    await drop_database(engines.postgres_url, urls)


def _sign_in(stage: Stage, people: dict[str, UUID]) -> None:
    stage.sign_in_programs()
    for name, person_id in people.items():
        roles = ("employee", "program_owner") if name == "owner" else ("employee",)
        stage.sign_in(name, *roles, person_id=person_id)


async def _sessions(world: World, learner: UUID, mentor: UUID) -> dict[str, Any]:
    """One that is open, one that is agreed, one that took place; each operation is tried on one that allows it."""
    held = await world.held(learner, mentor)
    agreed = await world.asked(learner, mentor, skill_id=str(uuid4()))
    assert (await world.post(mentor, f"/sessions/{agreed}/accept")).status_code == 200
    return {
        "session_id": await world.asked(learner, mentor),
        "schedule.session_id": agreed,
        "hold.session_id": agreed,
        "answer_survey.session_id": held,
        "wish_to_meet_again.session_id": held,
    }


def _bodies(world: World, mentor: UUID) -> dict[str, Any]:
    return {
        "ask": world.body(mentor, skill_id=str(uuid4())),
        "decline": {"reason": "no_time"},
        "hold": {"held_on": str(TODAY)},
        "wish_to_meet_again": {"wish": True},
        "send_message": {"text": "Tuesday?"},
        "schedule": {"starts_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
        "answer_survey": {"helped": "solved", "rating": 5},
        "set_availability": {"capacity": 3},
    }
