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

from tests.contract.api.session_objects import objects
from tests.contract.api.stages import Stage
from tests.integration.session.conftest import TODAY, World
from tests.support.apis import offline_settings, serving_api
from tests.support.databases import drop_database, fresh_database
from tests.support.rehearsals import RehearsalDatabase

IN_PROGRAM = ("learner", "mentor", "manager")


@asynccontextmanager
async def staged(engines: Engines) -> AsyncIterator[Stage]:
    """The stage on a database of its own."""
    urls = await fresh_database(engines.postgres_url, "session")
    settings = Settings(**offline_settings(urls.app))
    async with serving_api(replace(build(settings), database=RehearsalDatabase(settings))) as api:
        for end in api.service.ending:  # as at a stop: a live stream shows what it has, and ends
            end()
        world, stage, skill_id = World(api), Stage(api), uuid4()
        await world.program(sessions_per_mentor_and_month=20, open_requests_per_learner=20)
        people = {name: await world.person() for name in IN_PROGRAM}
        people["colleague"] = await world.person(skills=[skill_id])
        elsewhere = World(api)
        await elsewhere.program()
        people["stranger"] = await elsewhere.person()
        people["owner"] = await world.person(world.owner_id, joined=False)
        people["leaver"] = await world.person(status="left")
        people["newcomer"] = uuid4()
        _sign_in(stage, people)
        stage.values = await objects(world, stage, people["learner"], people["mentor"], skill_id)
        stage.bodies = _bodies(world, people["mentor"])
        yield stage
    await drop_database(engines.postgres_url, urls)


def _sign_in(stage: Stage, people: dict[str, UUID]) -> None:
    stage.sign_in_programs()
    stage.sign_in("reviewer", "reviewer", person_id=uuid4())
    for name, person_id in people.items():
        roles = ("employee", "program_owner") if name == "owner" else ("employee",)
        stage.sign_in(name, *roles, person_id=person_id)


def _bodies(world: World, mentor: UUID) -> dict[str, Any]:
    return {
        "add_draft": {"want_to_learn": "Reports"},
        "answer_follow_up": {"used": "yes"},
        "answer_proposal": {"agreed": True},
        "answer_survey": {"helped": "solved", "rating": 5},
        "ask": world.body(mentor, skill_id=str(uuid4())),
        "ask_for_information": {"text": "Which reports?"},
        "cancel": {"reason": "ill"},
        "change_draft": {"want_to_learn": "Other reports"},
        "counter": {"format": "call"},
        "decide": {"decision": "upheld"},
        "decline": {"reason": "no_time"},
        "edit": {"want_to_learn": "Other reports", "format": "call"},
        "edit_message": {"text": "Hello again!"},
        "hold": {"held_on": str(TODAY)},
        "mark_read": {"position": 1},
        "read_notices": {},
        "report_message": {"reason": "other"},
        "schedule": {"starts_at": (datetime.now(UTC) + timedelta(days=2)).isoformat()},
        "send_message": {"text": "Tuesday?"},
        "set_availability": {"capacity": 3},
        "set_calendar": {"time_zone": "Europe/Lisbon"},
        "set_notice_preferences": {"digest_hour": 9},
        "wish_to_meet_again": {"wish": True},
    }
