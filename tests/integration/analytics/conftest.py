"""The analytics service on a real database, fed with events as its consumers would be."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from analytics_service import consumers
from analytics_service.app import build
from analytics_service.settings import Settings
from chassis.consumer import Delivery
from chassis.database import Database
from flash_local.databases import DatabaseUrls
from flash_schemas import session as said
from flash_schemas.base import Event
from flash_schemas.profile import Objective, ProfileChangedV1, ProgramChangedV1, UnitRef
from flash_schemas.search import SearchPerformedV1

from tests.support.apis import Api, offline_settings, serving_api
from tests.support.deliveries import delivery

MARCH = datetime(2026, 3, 10, 9, tzinfo=UTC)
MARCH_10 = MARCH.date()
APRIL = datetime(2026, 4, 3, 12, tzinfo=UTC)
STARTS_ON = date(2026, 3, 1)
WHAT_IS_SHOWN = ("value", "cases", "state")
DIRECTORY = (ProfileChangedV1, ProgramChangedV1)
COMPANY = UnitRef(unit_id=UUID(int=1), name="Company")


@dataclass
class World:
    """What the other services would have said, and how the owner of the program sees it."""

    api: Api
    versions: dict[UUID, int] = field(default_factory=dict)
    program_id: UUID = field(default_factory=uuid4)
    owner_id: UUID = field(default_factory=uuid4)

    @property
    def database(self) -> Database:
        return self.api.database

    async def say(self, *events: Event, at: datetime = MARCH) -> None:
        """The events reach their handler in one batch, each with the next version of its aggregate."""
        deliveries = []
        for event in events:
            self.versions[event.aggregate_id] = self.versions.get(event.aggregate_id, 0) + 1
            deliveries.append(delivery(event, self.versions[event.aggregate_id], at=at))
        await self.hear(*deliveries)

    async def hear(self, *deliveries: Delivery) -> None:
        """One batch reaches its handler."""
        handle = consumers.take_directory if isinstance(deliveries[0].event, DIRECTORY) else consumers.take_facts
        async with self.database.transaction() as transaction:
            await handle(transaction, deliveries)

    async def program(self, *objectives: Objective, **values: Any) -> None:
        """The program says how it is now."""
        await self.say(self.a_program(*objectives, **values))

    def a_program(
        self, *objectives: Objective, name: str = "Onboarding", starts_on: date = STARTS_ON
    ) -> ProgramChangedV1:
        """The program, from the first of March 2026."""
        return ProgramChangedV1(
            program_id=self.program_id,
            change="edited",
            name=name,
            status="active",
            objectives=objectives or (objective("connections", 1),),
            eligibility={},
            search_fields={},
            request_policy={},
            owners=(self.owner_id,),
            starts_on=starts_on,
        )

    async def place(self, person_id: UUID, department: UnitRef, at: datetime = MARCH, **values: Any) -> None:
        """A person's profile says where they stand."""
        await self.say(a_profile(person_id, department, **values), at=at)

    async def ask(self, learner_id: UUID | None = None, mentor_id: UUID | None = None, at: datetime = MARCH) -> "Ids":
        """A request; the ids that every later event of it carries."""
        parties = {"learner_id": learner_id or uuid4(), "mentor_id": mentor_id or uuid4()}
        ids = {"session_id": uuid4(), "program_id": self.program_id, **parties}
        expires_at = at + timedelta(hours=72)
        await self.say(said.SessionRequestedV1(**ids, format="call", minutes=30, expires_at=expires_at), at=at)
        return ids

    async def hold(self, ids: "Ids", on: date = MARCH_10) -> None:
        """The request is accepted and the session held."""
        await self.say(said.SessionAcceptedV1(**ids, capacity_month="2026-03"), said.SessionHeldV1(**ids, held_on=on))

    async def rate(self, ids: "Ids", side: Any, rating: int, at: datetime = MARCH) -> None:
        """One side is asked and answers."""
        answer = said.SurveyAnsweredV1(**ids, side=side, helped="solved", rating=rating)
        await self.say(said.SurveySentV1(**ids, side=side), answer, at=at)

    async def write(self, ids: "Ids", sender: Any, at: datetime = MARCH) -> None:
        """One side of a session writes to the other."""
        learner_id, mentor_id = ids["learner_id"], ids["mentor_id"]
        sender_id, recipient_id = (learner_id, mentor_id) if sender == "learner" else (mentor_id, learner_id)
        message = said.MessageSentV1(
            session_id=ids["session_id"],
            program_id=ids["program_id"],
            message_id=uuid4(),
            sender_id=sender_id,
            recipient_id=recipient_id,
            sender_role=sender,
            length=12,
            first_reply=False,
        )
        await self.say(message, at=at)

    async def search(self, available: int, searcher_id: UUID | None = None, at: datetime = MARCH) -> None:
        """Somebody searches and could be offered this many people."""
        search = SearchPerformedV1(
            search_id=uuid4(),
            searcher_id=searcher_id or uuid4(),
            program_id=self.program_id,
            matching=available,
            available=available,
        )
        await self.say(search, at=at)

    async def get(self, *, by: Any = None, role: Any = "program_owner", **params: Any) -> Any:
        """The response to asking for the report; `headers` go along."""
        headers = params.pop("headers", {}) | self.api.callers.sign_in(role, person_id=by or self.owner_id)
        url = f"/api/v1/programs/{params.pop('program_id', self.program_id)}/report"
        return await self.api.client.get(url, params=params, headers=headers)

    async def report(self, **params: Any) -> Any:
        """The report as its owner reads it; March 2026 unless said otherwise."""
        answer = await self.get(**({"from": "2026-03-01", "to": "2026-03-31"} | params))
        assert answer.status_code == 200, answer.text
        return answer.json()


Ids = dict[str, UUID]


def objective(metric: Any, target: float, due: date = date(2026, 3, 31), smallest_cases: int = 1) -> Objective:
    """An objective of a program."""
    return Objective(
        objective_id=uuid4(), text="As agreed", metric=metric, target=target, due=due, smallest_cases=smallest_cases
    )


def figure(report: Any, name: str) -> tuple[Any, ...]:
    """Value, cases and state of one figure of a report."""
    return tuple(report["metrics"][name][key] for key in WHAT_IS_SHOWN)


def a_profile(person_id: UUID, department: UnitRef, **values: Any) -> ProfileChangedV1:
    """Somebody in a team of this department."""
    usual: dict[str, Any] = {"change": "edited", "name": "x", "job_title": "x", "job_level": 1, "location": "x"}
    path = (COMPANY, department, UnitRef(unit_id=uuid4(), name="Team"))
    usual |= {"person_id": person_id, "status": "active", "unit_path": path}
    return ProfileChangedV1(**usual | values)


@pytest.fixture
async def world(analytics_database: DatabaseUrls) -> AsyncIterator[World]:
    settings = Settings(**offline_settings(analytics_database.app))
    async with serving_api(build(settings)) as api:
        yield World(api)
