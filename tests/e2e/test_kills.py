"""Any one process killed with -9 while people work: nothing lost, nothing doubled."""

import asyncio
import os
import signal
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest
from flash_local import loopback
from flash_local.leftovers import Leftovers

from tests.e2e.conftest import Platform
from tests.support.waiting import eventually

VICTIMS = ("profile", "search", "session", "analytics", "gateway", "identity", "postgres", "kafka", "opensearch")
BATCHES, PEOPLE_EACH, MESSAGES = 20, 5, 30
_number = count(1)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("victim", VICTIMS)
async def test_people_and_messages_are_each_there_once_whatever_was_killed(platform: Platform, victim: str) -> None:
    hr, word = Hr(platform), f"zq{uuid4().hex[:10]}"
    async with loopback.client(str(platform.state.gateway), timeout=20) as client:
        program_id = await program_of(platform, client)
        talk = await Talk.begin(platform, client, program_id)
        working = asyncio.gather(hr.push_all(client, word), talk.send_all(client))
        await eventually(lambda: hr.answered >= BATCHES // 4 and talk.answered >= MESSAGES // 4, 150)
        kill(platform.home.processes_file, victim)
        await working
        assert (hr.answered, talk.answered) == (BATCHES, MESSAGES)
        await eventually(lambda: found_all(client, program_id, platform, word), 150)
        await eventually(lambda: counted_all(platform, program_id), 150)
        assert await talk.read(client) == talk.sent


async def found_all(client: httpx2.AsyncClient, program_id: str, platform: Platform, word: str) -> bool:
    headers = {"Authorization": f"Bearer {platform.state.personas['owner'].token}"}
    url = f"/api/v1/programs/{program_id}/people?q={word}&limit=100&available=any"
    try:
        answer = await client.get(url, headers=headers)
    except httpx2.HTTPError:
        return False
    if answer.status_code != 200:
        return False
    names = [item["name"] for item in answer.json()["items"]]
    assert len(names) == len(set(names)), "somebody is listed twice"
    return len(names) == BATCHES * PEOPLE_EACH


async def counted_all(platform: Platform, program_id: str) -> bool:
    """Analytics has counted every message of the program, and none twice."""
    try:
        connection = await asyncpg.connect(platform.state.postgres.replace("/postgres", "/analytics"))
    except (OSError, asyncpg.PostgresError):
        return False
    try:
        counted = await connection.fetchval("SELECT count(*) FROM message_fact WHERE program_id = $1", UUID(program_id))
    finally:
        await connection.close()
    assert counted <= MESSAGES + 1, "a message counts twice"
    return bool(counted == MESSAGES + 1)


async def program_of(platform: Platform, client: httpx2.AsyncClient) -> str:
    """A program that admits everybody."""
    headers = {"Authorization": f"Bearer {platform.state.personas['owner'].token}"}
    objective = {"text": "x", "metric": "connections", "target": 1, "due": "2030-01-01"}
    body = {"name": f"All {uuid4()}", "objectives": [objective], "starts_on": "2026-01-01"}
    answer = await client.post("/api/v1/programs", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    program_id: str = answer.json()["program_id"]
    return program_id


def kill(processes_file: Path, victim: str) -> None:
    os.kill(Leftovers(processes_file).alive()[victim].pid, signal.SIGKILL)


class Talk:
    """A learner who writes to a mentor, each message again until it is answered, as an app does."""

    def __init__(self, platform: Platform, session_id: str) -> None:
        self.answered = 0
        self.sent = ["Hello!"]
        self._url = f"/api/v1/sessions/{session_id}/messages"
        self._headers = {"Authorization": f"Bearer {platform.state.personas['learner'].token}"}

    @classmethod
    async def begin(cls, platform: Platform, client: httpx2.AsyncClient, program_id: str) -> "Talk":
        """Ask the mentor, once everybody's part in the program is known."""
        personas = platform.state.personas
        headers = {"Authorization": f"Bearer {personas['learner'].token}"}
        body = {
            "program_id": program_id,
            "mentor_id": personas["mentor"].person_id,
            "want_to_learn": "x",
            "message": "Hello!",
            "format": "chat",
        }

        async def asked() -> httpx2.Response | None:
            answer = await client.post("/api/v1/sessions", json=body, headers=headers)
            return answer if answer.status_code == 201 else None

        answer = await eventually(asked, 90)
        assert answer, "eventually returns no other"
        withdraw = answer.json()["session_id"]
        talk = cls(platform, withdraw)
        await client.post(f"/api/v1/sessions/{withdraw}/withdraw", headers=headers)  # talking goes on for 30 days
        return talk

    async def send_all(self, client: httpx2.AsyncClient) -> None:
        for number in range(MESSAGES):
            body = {"message_id": str(uuid4()), "text": f"Message {number}"}
            await eventually(lambda body=body: self._send(client, body), 90)  # type: ignore[misc] # bound now
            self.sent.append(body["text"])
            self.answered += 1

    async def read(self, client: httpx2.AsyncClient) -> list[str]:
        """The conversation as it is kept."""
        answer = await client.get(f"{self._url}?limit=100", headers=self._headers)
        return [item["text"] for item in answer.json()["items"]]

    async def _send(self, client: httpx2.AsyncClient, body: dict[str, str]) -> bool:
        try:
            return (await client.post(self._url, json=body, headers=self._headers)).status_code == 201
        except httpx2.HTTPError:
            return False


class Hr:
    """Pushes batch after batch, each again until it is answered, as an HR platform does."""

    def __init__(self, platform: Platform) -> None:
        self.answered = 0
        self._token = platform.state.personas["hr"].token

    async def push_all(self, client: httpx2.AsyncClient, word: str) -> None:
        for batch in range(BATCHES):
            events = [_joiner(word, batch, number) for number in range(PEOPLE_EACH)]
            await eventually(lambda events=events: self._push(client, events), 90)  # type: ignore[misc] # bound now
            self.answered += 1

    async def _push(self, client: httpx2.AsyncClient, events: list[dict[str, Any]]) -> bool:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            answer = await client.post("/api/v1/hr/org-events", json={"events": events}, headers=headers)
        except httpx2.HTTPError:
            return False
        return answer.status_code == 200 and answer.json()["refused"] == 0


def _joiner(word: str, batch: int, number: int) -> dict[str, Any]:
    employee = f"{word}-{batch}-{number}"
    return {
        "type": "person_joined",
        "id": f"joined-{employee}",
        "sequence": next(_number),
        "time": "2026-11-02T08:00:00Z",
        "employee_number": employee,
        "name": f"{word} {batch} {number}",
        "job_title": "Engineer",
        "job_level": 3,
        "location": "Berlin",
        "unit": "AUR",
    }
