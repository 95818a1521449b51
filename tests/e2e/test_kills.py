"""Any one process killed with -9 while people work: nothing lost, nothing doubled."""

import asyncio
import os
import signal
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from flash_local.leftovers import Leftovers

from tests.e2e.conftest import Platform
from tests.support.waiting import eventually

VICTIMS = ("profile", "search", "session", "analytics", "gateway", "identity", "postgres", "kafka", "opensearch")
BATCHES, PEOPLE_EACH = 20, 5
_number = count(1)


@pytest.mark.xdist_group("platform")
@pytest.mark.timeout(180)
@pytest.mark.parametrize("victim", VICTIMS)
async def test_everybody_whom_hr_pushed_is_searchable_once_whatever_was_killed(platform: Platform, victim: str) -> None:
    hr, word = Hr(platform), f"zq{uuid4().hex[:10]}"
    async with httpx2.AsyncClient(base_url=str(platform.state.gateway), trust_env=False, timeout=20) as client:
        owner = await program_of(platform, client)
        pushing = asyncio.create_task(hr.push_all(client, word))
        await eventually(lambda: hr.answered >= BATCHES // 4, 30)
        kill(platform.home.processes_file, victim)
        await pushing
        assert hr.answered == BATCHES
        await eventually(lambda: found_all(client, owner, platform, word), 90)


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
