"""Writers that use the platform as its users do: HR pushes, a learner asks and writes, all through the gateway.

They send at a pace of their own whatever the answers (open loop), draw everything from one seed, and repeat most calls
that got no answer, as a client does; a call that they give up stays *unknown* in the ledger.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx2
from flash_local import loopback

from tests.faults.ledger import Asked, Ledger, Organisation, Outcome, Push, Sent

POOL = 400
UNITS = ("FLT-A", "FLT-B", "FLT-C")
GIVEN_UP = 0.25
"""The share of unanswered calls that nobody repeats."""
REPEAT_PAUSE_S = 0.3
CALL_TIMEOUT_S = 6
REPEATED_FOR_S = 60


@dataclass(frozen=True)
class Pace:
    """How much a run does: calls of each kind, changes in a push, and over how many seconds they are spread."""

    pushes: int = 8
    people: int = 110
    messages: int = 24
    asks: int = 8
    seconds: float = 3.0
    kinds: tuple[int, int, int, int] = (80, 8, 4, 8)
    """How often HR says that somebody changed, moved, left or joined."""


@dataclass
class Writers:
    """Those who use the platform for the whole of the fault tests; `begin` a run, then `write`."""

    gateway: str
    tokens: dict[str, str]
    organisation: Organisation = field(default_factory=Organisation)
    person_ids: dict[str, str] = field(default_factory=dict)
    program_id: str = ""
    talk: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    _sequence: Callable[[], int] = field(default_factory=lambda: count(time.time_ns() // 1000).__next__)

    async def settle_in(self) -> None:
        """Once: an organisation, a program for everybody, and a session to talk in."""
        async with self.client() as client:
            units = [self.event("unit_upserted", unit=unit, name=f"Faults {unit}") for unit in UNITS]
            people = [self.joined(f"F{number:04}") for number in range(POOL)]
            answer = await self.push(client, [*units, *people])
            assert answer is not None, "HR was not answered"
            for event, result in zip(people, answer["results"][len(units) :], strict=True):
                self.person_ids[event["employee_number"]] = result["person_id"]
            self.organisation.note(Push(people, "answered"))
            self.program_id = await self._program(client)

    def begin(self) -> Ledger:
        """A new run's ledger."""
        self.ledger = Ledger()
        return self.ledger

    async def write(self, random: Random, pace: Pace) -> None:
        """Everything of one run, side by side; returns when the last call is answered or given up."""
        async with self.client() as client, asyncio.TaskGroup() as group:
            group.create_task(self._push_all(client, random, pace))
            group.create_task(self._talk_all(client, random, pace))

    async def _push_all(self, client: httpx2.AsyncClient, random: Random, pace: Pace) -> None:
        for _ in range(pace.pushes):
            numbers = random.choices(sorted(self.organisation.possible), k=pace.people)
            push = Push([self._change(random, number, pace.kinds) for number in numbers])
            self.ledger.pushes.append(push)
            body = {"events": push.events}
            push.outcome, _ = await self._call(client, random, "hr", "/api/v1/hr/org-events", body)
            self.organisation.note(push)
            await asyncio.sleep(pace.seconds / pace.pushes * random.uniform(0.3, 1))

    async def _talk_all(self, client: httpx2.AsyncClient, random: Random, pace: Pace) -> None:
        for number in range(pace.asks):
            await self._ask(client, random)
            for _ in range(pace.messages // pace.asks):
                await self._say(client, random)
                await asyncio.sleep(pace.seconds / pace.messages * random.uniform(0.1, 0.6))
            if number % 3 == 0:
                await self._ask_nonsense(client, random)

    async def _ask(self, client: httpx2.AsyncClient, random: Random) -> None:
        mentor_id = random.choice(sorted(self.person_ids.values()))
        key, asked = str(uuid4()), Asked(mentor_id)
        self.ledger.asked[key] = asked
        body = self.ask_body(mentor_id)
        asked.outcome, answer = await self._call(client, random, "learner", "/api/v1/sessions", body, key)
        if not answer or asked.outcome != "answered":
            return
        asked.session_id, self.talk = UUID(answer["session_id"]), answer["session_id"]
        for repeated in range(20):  # it must not stay open, or soon nothing more may be asked
            outcome, _ = await self._call(client, random, "learner", f"/api/v1/sessions/{self.talk}/withdraw", {}, None)
            if outcome != "unknown" or repeated > 18:
                return

    async def _ask_nonsense(self, client: httpx2.AsyncClient, random: Random) -> None:
        """What is refused must have no effect; the learner asks somebody who does not exist."""
        key, asked = str(uuid4()), Asked(str(UUID(int=random.getrandbits(128), version=4)))
        self.ledger.asked[key] = asked
        body = self.ask_body(asked.mentor_id)
        asked.outcome, _ = await self._call(client, random, "learner", "/api/v1/sessions", body, key)

    async def _say(self, client: httpx2.AsyncClient, random: Random) -> None:
        if not self.talk:
            return
        message_id, sent = uuid4(), Sent(UUID(self.talk))
        self.ledger.messages[message_id] = sent
        body = {"message_id": str(message_id), "text": "x" * random.randint(1, 400)}
        path = f"/api/v1/sessions/{self.talk}/messages"
        sent.outcome, _ = await self._call(client, random, "learner", path, body)

    async def _call(
        self,
        client: httpx2.AsyncClient,
        random: Random,
        who: str,
        path: str,
        body: dict[str, Any],
        key: str | None = None,
    ) -> tuple[Outcome, dict[str, Any] | None]:
        """One call, repeated or given up without an answer; how it ended and what was answered."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} | ({"Idempotency-Key": key} if key else {})
        ends = time.monotonic() + REPEATED_FOR_S
        while True:
            try:
                answer = await client.post(path, json=body, headers=headers)
                if answer.status_code < 300:
                    return "answered", answer.json()
                if answer.status_code < 500 and answer.status_code not in (408, 429):
                    return "refused", answer.json()
            except httpx2.HTTPError:
                pass
            self.ledger.unanswered += 1
            if random.random() < GIVEN_UP or time.monotonic() > ends:
                return "unknown", None
            await asyncio.sleep(REPEAT_PAUSE_S)

    async def push(self, client: httpx2.AsyncClient, events: list[dict[str, Any]]) -> dict[str, Any] | None:
        """HR pushes, once; None where it was not taken as a whole."""
        headers = {"Authorization": f"Bearer {self.tokens['hr']}"}
        answer = await client.post("/api/v1/hr/org-events", json={"events": events}, headers=headers)
        pushed: dict[str, Any] = answer.json()
        return pushed if answer.status_code == 200 and not pushed["refused"] else None

    async def _program(self, client: httpx2.AsyncClient) -> str:
        headers = {"Authorization": f"Bearer {self.tokens['owner']}"}
        objective = {"text": "x", "metric": "connections", "target": 1, "due": "2030-01-01"}
        body = {"name": f"Faults {uuid4()}", "objectives": [objective], "starts_on": "2026-01-01"}
        answer = await client.post("/api/v1/programs", json=body, headers=headers)
        program_id: str = answer.json()["program_id"]
        return program_id

    def ask_body(self, mentor_id: str) -> dict[str, Any]:
        """A request to a mentor that was not made before."""
        words = {"want_to_learn": f"x {uuid4()}", "message": "Hello!", "format": "chat"}
        return {"program_id": self.program_id, "mentor_id": mentor_id, **words}

    def _change(self, random: Random, number: str, kinds: Sequence[int]) -> dict[str, Any]:
        """Mostly a new title; now and then somebody moves, leaves or is back."""
        kind = random.choices(("person_changed", "person_moved", "person_left", "person_joined"), kinds)[0]
        if kind == "person_joined":
            return self.joined(number, random.choice(UNITS))
        told: dict[str, Any] = {"employee_number": number}
        if kind == "person_changed":
            told["job_title"] = f"Title {random.getrandbits(48):x}"
        elif kind == "person_moved":
            told["unit"] = random.choice(UNITS)
        return self.event(kind, **told)

    def joined(self, number: str, unit: str = UNITS[0]) -> dict[str, Any]:
        """Somebody starts, or is back."""
        about = {"employee_number": number, "name": f"Person {number}", "job_title": "New", "unit": unit}
        return self.event("person_joined", job_level=3, location="Berlin", **about)

    def event(self, kind: str, **about: Any) -> dict[str, Any]:
        """What HR says, after all that it said before."""
        sequence = self._sequence()
        return {"type": kind, "id": f"f-{sequence}", "sequence": sequence, "time": "2026-11-02T08:00:00Z", **about}

    def client(self) -> httpx2.AsyncClient:
        """A way to the gateway."""
        return loopback.client(self.gateway, timeout=CALL_TIMEOUT_S)
