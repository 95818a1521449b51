"""The session service on a real database, with a program and people in it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flash_local.databases import DatabaseUrls
from flash_schemas.base import Role
from flash_schemas.profile import (
    EligibilityRule,
    Objective,
    Participation,
    ProfileChangedV1,
    ProgramChangedV1,
    RequestPolicy,
    SearchFields,
    Skill,
    SurveyQuestion,
    UnitRef,
)
from session_service.app import build
from session_service.commands import close_departed, expire_some, pass_on_some
from session_service.consumers import take_people, take_programs
from session_service.sealing import Keyring
from session_service.settings import Settings

from tests.support.apis import Api, offline_settings, serving_api
from tests.support.deliveries import delivery

TODAY = datetime.now(UTC).date()
VIDEO = "https://meet.test/rooms/{room}"


@dataclass
class World:
    """People who ask each other, and what the profile service would have said of them."""

    api: Api
    program_id: UUID = field(default_factory=uuid4)
    owner_id: UUID = field(default_factory=uuid4)
    versions: dict[UUID, int] = field(default_factory=dict)

    @property
    def keyring(self) -> Keyring:
        """What the service under test seals with."""
        keyring = self.api.service.state["keyring"]
        assert isinstance(keyring, Keyring)
        return keyring

    async def program(self, *, questions: Sequence[SurveyQuestion] = (), **policy: Any) -> None:
        objective = Objective(objective_id=uuid4(), text="x", metric="connections", target=1, due=TODAY)
        event = ProgramChangedV1(
            program_id=self.program_id,
            change="created",
            name="Program",
            status="active",
            objectives=(objective,),
            eligibility=EligibilityRule(),
            search_fields=SearchFields(),
            request_policy=RequestPolicy(**policy),
            owners=(self.owner_id,),
            survey_questions=tuple(questions),
            starts_on=TODAY,
        )
        async with self.api.database.transaction() as transaction:
            await take_programs(transaction, [delivery(event, self.next(self.program_id))])

    async def people(self, *person_ids: UUID) -> None:
        """Many people as the profile service has just said."""
        said = [delivery(self._profile(each), self.next(each)) for each in person_ids]
        async with self.api.database.transaction() as transaction:
            await take_people(transaction, said)

    async def person(
        self,
        person_id: UUID | None = None,
        *,
        status: Any = "active",
        joined: bool = True,
        paused_until: dict[Any, date] | None = None,
        skills: Sequence[UUID] = (),
        confirmed_on: date = TODAY,
        **said: Any,
    ) -> UUID:
        """Somebody as the profile service has just said; a new one when no id is given."""
        person_id = person_id or uuid4()
        event = self._profile(person_id, status, joined, paused_until, skills, confirmed_on, **said)
        async with self.api.database.transaction() as transaction:
            await take_people(transaction, [delivery(event, self.next(person_id))])
        return person_id

    def _profile(
        self,
        person_id: UUID,
        status: Any = "active",
        joined: bool = True,
        paused_until: dict[Any, date] | None = None,
        skills: Sequence[UUID] = (),
        confirmed_on: date = TODAY,
        **said: Any,
    ) -> ProfileChangedV1:
        roles: tuple[Role, ...] = ("learner", "mentor")
        takes_part = (Participation(program_id=self.program_id, roles=roles, paused_until=paused_until or {}),)
        return ProfileChangedV1(
            person_id=person_id,
            change="edited",
            job_title="T",
            job_level=1,
            location="L",
            unit_path=(UnitRef(unit_id=uuid4(), name="U"),),
            status=status,
            skills=tuple(Skill(skill_id=skill_id, level=3, confirmed_on=confirmed_on) for skill_id in skills),
            participations=takes_part if joined and status == "active" else (),
            **{"name": "N", **said},
        )

    def next(self, aggregate_id: UUID) -> int:
        self.versions[aggregate_id] = self.versions.get(aggregate_id, 0) + 1
        return self.versions[aggregate_id]

    async def post(self, by: UUID, path: str, body: Any = None, **headers: str) -> Any:
        """The answer to a POST of somebody."""
        signed = self.api.callers.sign_in("employee", person_id=by) | headers
        return await self.api.client.post(f"/api/v1{path}", json=body, headers=signed)

    async def get(self, by: UUID, path: str) -> Any:
        """The answer to a GET of somebody."""
        return await self.api.client.get(f"/api/v1{path}", headers=self.api.callers.sign_in("employee", person_id=by))

    async def call(self, by: UUID, method: str, path: str, body: Any = None, tag: str | None = None) -> Any:
        """The answer to any other request of somebody, with an ETag if there is one."""
        signed = self.api.callers.sign_in("employee", person_id=by) | ({"If-Match": tag} if tag else {})
        return await self.api.client.request(method, f"/api/v1{path}", json=body, headers=signed)

    async def execute(self, query: str, *values: Any) -> None:
        """Change the database behind the service's back, as time would."""
        async with self.api.database.connection() as connection:
            await connection.execute(query, *values)

    async def state(self, by: UUID, session_id: str) -> str:
        """What state somebody sees a session in."""
        found: str = (await self.get(by, f"/sessions/{session_id}")).json()["state"]
        return found

    def body(self, mentor_id: UUID, **values: Any) -> dict[str, Any]:
        usual = {"want_to_learn": "Reports", "message": "Hello!", "format": "lunch", "minutes": 30}
        return {"program_id": str(self.program_id), "mentor_id": str(mentor_id), **usual, **values}

    async def asked(self, learner: UUID, mentor: UUID, **values: Any) -> str:
        """The id of a new request."""
        answer = await self.post(learner, "/sessions", self.body(mentor, **values))
        assert answer.status_code == 201, answer.text
        session_id: str = answer.json()["session_id"]
        return session_id

    async def held(self, learner: UUID, mentor: UUID) -> str:
        """The id of a session that took place."""
        session_id = await self.asked(learner, mentor)
        for by, step, body in (
            (mentor, "accept", None),
            (learner, "held", {"held_on": str(TODAY)}),
        ):
            answer = await self.post(by, f"/sessions/{session_id}/{step}", body)
            assert answer.status_code == 200, answer.text
        return session_id

    async def settle(self) -> None:
        """Whatever happens by itself has happened."""
        while await close_departed(self.api.database):
            pass
        while await expire_some(self.api.database, 50):
            pass
        while await pass_on_some(self.api.database, self.keyring, 50):
            pass


@pytest.fixture
async def world(session_database: DatabaseUrls) -> AsyncIterator[World]:
    async with serving_api(build(Settings(**offline_settings(session_database.app), video_url_template=VIDEO))) as api:
        world = World(api)
        await world.program()
        yield world
