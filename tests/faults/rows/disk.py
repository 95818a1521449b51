"""The row in which PostgreSQL has no room left."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx2
from flash_local import loopback

from tests.faults import small_disk
from tests.faults.ledger import Outcome, Sent
from tests.faults.run import Run, row
from tests.faults.system import Platform
from tests.faults.watch import AWAY, number, rows
from tests.support.waiting import eventually

JOINING = 40
TEXT_CHARACTERS = 4_000
REFUSED_WITHIN_S = 60
ACCEPTED_WITHIN_S = 60
SEGMENTS_MOST = 100
NEXT_SEGMENT = "SELECT pg_switch_wal() FROM pg_logical_emit_message(false, 'faults', 'x')"
HAPPENED = "SELECT count(*) FROM hr_event WHERE event_id = ANY ($1)"


@dataclass
class Callers:
    """HR and a learner who call the services themselves, past the gateway: what a 5xx says is then the service's."""

    run: Run
    refused: int = 0
    refused_events: list[str] = field(default_factory=list)

    async def push(self) -> Outcome:
        """Some people join whom no writer knows."""
        people = [self.run.lab.writers.joined(f"X{uuid4().hex[:12]}") for _ in range(JOINING)]
        outcome = await self._call("profile", "hr", "/api/v1/hr/org-events", {"events": people})
        if outcome == "refused":
            self.refused_events += [event["id"] for event in people]
        return outcome

    async def say(self) -> Outcome:
        """A long message. It is in the ledger, so that it is looked for like every other."""
        writers = self.run.lab.writers
        message_id, sent = uuid4(), Sent(UUID(writers.talk))
        writers.ledger.messages[message_id] = sent
        body = {"message_id": str(message_id), "text": "x" * TEXT_CHARACTERS}
        sent.outcome = await self._call("session", "learner", f"/api/v1/sessions/{writers.talk}/messages", body)
        return sent.outcome

    async def _call(self, service: str, who: str, path: str, body: Mapping[str, object]) -> Outcome:
        """A 5xx is a refusal, unless the database crashed meanwhile: then nobody knows."""
        url, crashes = self.run.system.state.services[service].url, _crashes(self.run)
        headers = {"Authorization": f"Bearer {self.run.lab.writers.tokens[who]}"}
        with suppress(httpx2.HTTPError):
            async with loopback.client(url, timeout=30) as client:
                answer = await client.post(path, json=body, headers=headers)
            if answer.status_code < 300:
                return "answered"
            assert answer.status_code >= 500, f"{path} was answered {answer.status_code}: {answer.text}"
            if _crashes(self.run) == crashes:
                self.refused += 1
                return "refused"
        return "unknown"


@row(
    26,
    "PostgreSQL's disk is full for a while: writes are refused whole",
    platform=Platform(small_disk=True),
    fast=False,
)
async def the_disk_is_full(run: Run) -> None:
    folder, callers = run.system.here.home.database_data, Callers(run)
    log_too = run.one_of(True, False)
    async with run.writing():
        await eventually(lambda: bool(run.lab.writers.talk), 20)
        await run.a_moment()
        with small_disk.full(folder):
            await _until_refused(run, callers)
            if log_too:
                await _use_up_the_log(run)
            await run.a_moment(4)
        run.happened(f"no room for {'tables and log' if log_too else 'tables'}, {callers.refused} calls refused")
    await eventually(lambda: _accepted(callers), ACCEPTED_WITHIN_S)
    assert not await number(run.system, "profile", HAPPENED, callers.refused_events), "what was refused has happened"


async def _until_refused(run: Run, callers: Callers) -> None:
    """Each service refuses something, which may take a while: pages have room. Or the log ran out of it before."""
    crashes, ends = _crashes(run), time.monotonic() + REFUSED_WITHIN_S
    for call in (callers.push, callers.say):
        while await call() != "refused" and _crashes(run) == crashes:
            assert time.monotonic() < ends, "nothing was refused"
            small_disk.fill(run.system.here.home.database_data)


async def _use_up_the_log(run: Run) -> None:
    """Go on to the next segment of the write-ahead log until there is none: the server then ends what it does."""
    crashes = _crashes(run)
    with suppress(*AWAY):
        for _ in range(SEGMENTS_MOST):
            small_disk.fill(run.system.here.home.database_data)
            await rows(run.system, "postgres", NEXT_SEGMENT)
    await eventually(lambda: _crashes(run) > crashes)


async def _accepted(callers: Callers) -> bool:
    return [await callers.push(), await callers.say()] == ["answered", "answered"]


def _crashes(run: Run) -> int:
    """How often the server had to end what it did, by its own log."""
    return (run.system.here.home.logs / "postgres.log").read_text(errors="replace").count("PANIC:")
