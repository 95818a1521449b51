"""From sending a message to its delivery on the other side, with many open streams on two replicas.

`python -m tests.bench messages` opens 1,000 streams, `messages-100` a tenth. Senders do not wait for each other: a
message's time counts from when it was due. Everything runs in one process, the readers of the streams included.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from uuid import UUID, uuid4

import httpx2
from chassis.runtime import Service, create_api
from chassis.testing import StaticVerifier
from flash_local import loopback
from flash_local.engines.every import Engines
from flash_local.processes import free_port
from session_service import store
from session_service.app import build
from session_service.model import Session
from session_service.settings import Settings

from tests.bench.measure import quantiles
from tests.support.apis import offline_settings
from tests.support.databases import drop_database, fresh_database
from tests.support.running import running
from tests.support.upstreams import serving_app

MESSAGES_PER_S = 20
MESSAGES = 400
REPLICAS = 2
OPEN_AT_ONCE = 50


@dataclass
class Bench:
    """The replicas' addresses, who may call them, and when each message was due and came."""

    ports: list[int]
    callers: StaticVerifier
    pairs: list[tuple[UUID, UUID, UUID]]
    due: dict[str, float] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)
    opened: int = 0
    all_open: asyncio.Event = field(default_factory=asyncio.Event)
    all_came: asyncio.Event = field(default_factory=asyncio.Event)

    def is_open(self) -> None:
        """One more stream is ready."""
        self.opened += 1
        if self.opened == 2 * len(self.pairs):
            self.all_open.set()

    def came(self, message_id: str, at: float) -> None:
        """One message reached the one whom it was written to."""
        self.took_s.append(at - self.due[message_id])
        if len(self.took_s) == MESSAGES:
            self.all_came.set()


async def run(engines: Engines, streams: int) -> None:
    """Print the figures."""
    urls = await fresh_database(engines.postgres_url, "session")
    try:
        async with _replicas(urls.app) as (services, ports, callers):
            pairs = await _conversations(services[0], streams // 2)
            bench = Bench(ports, callers, pairs)
            await _measure(bench, streams)
    finally:
        await drop_database(engines.postgres_url, urls)
    quantiles(f"send to delivery, {streams:,} open streams, {MESSAGES_PER_S} messages a second", bench.took_s)


async def _measure(bench: Bench, streams: int) -> None:
    turns = asyncio.Semaphore(OPEN_AT_ONCE)
    readers = []
    for (_, *people), port in zip(bench.pairs, cycle(bench.ports), strict=False):
        # The two of a conversation are on different replicas.
        for person_id, at in zip(people, (port, bench.ports[port == bench.ports[0]]), strict=True):
            readers.append(asyncio.create_task(_read(bench, person_id, at, turns)))
    await bench.all_open.wait()
    print(f"{streams:,} streams are open", flush=True)
    started = time.perf_counter()
    async with loopback.client(timeout=30) as client:
        await asyncio.gather(*(_send(bench, client, number, started) for number in range(MESSAGES)))
    async with asyncio.timeout(60):
        await bench.all_came.wait()
    for reader in readers:
        reader.cancel()
    await asyncio.wait(readers)


async def _send(bench: Bench, client: httpx2.AsyncClient, number: int, started: float) -> None:
    session_id, learner, _ = bench.pairs[number % len(bench.pairs)]
    due = started + number / MESSAGES_PER_S
    await asyncio.sleep(due - time.perf_counter())
    message_id = str(uuid4())
    bench.due[message_id] = due
    headers = bench.callers.sign_in("employee", person_id=learner)
    url = f"http://127.0.0.1:{bench.ports[number % REPLICAS]}/api/v1/sessions/{session_id}/messages"
    answer = await client.post(url, json={"message_id": message_id, "text": "x" * 200}, headers=headers)
    assert answer.status_code == 201, answer.text


async def _read(bench: Bench, person_id: UUID, port: int, turns: asyncio.Semaphore) -> None:
    """One stream; what its reader wrote themselves is not counted."""
    async with turns:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        token = bench.callers.sign_in("employee", person_id=person_id)["Authorization"]
        writer.write(f"GET /api/v1/me/stream HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode())
        while b"event: ready" not in await reader.readline():
            pass
        bench.is_open()
    mine = f'"sender_id":"{person_id}"'.encode()
    try:
        while line := await reader.readline():
            if line.startswith(b"data: {") and b'"message_id":"' in line and mine not in line:
                bench.came(line.split(b'"message_id":"')[1][:36].decode(), time.perf_counter())
    finally:
        writer.close()


@asynccontextmanager
async def _replicas(database_url: str) -> AsyncIterator[tuple[list[Service], list[int], StaticVerifier]]:
    """Processes of the service, as far as it answers, on one database."""
    services = [build(Settings(**offline_settings(database_url))) for _ in range(REPLICAS)]
    ports, callers = [free_port() for _ in services], StaticVerifier()
    async with AsyncExitStack() as exits:
        for service, port in zip(services, ports, strict=True):
            await service.database.open()
            exits.push_async_callback(service.database.close)
            app = create_api(service)
            app.state.verifier = callers
            await exits.enter_async_context(serving_app(app, port))
            tails = [worker for worker in service.workers if worker.kind == "api"]
            await exits.enter_async_context(running(*tails, database=service.database))
            for end in service.ending:
                exits.callback(end)
        yield services, ports, callers


async def _conversations(service: Service, count: int) -> list[tuple[UUID, UUID, UUID]]:
    program_id, now = uuid4(), datetime.now(UTC)
    sessions = [_requested(program_id, now) for _ in range(count)]
    async with service.database.transaction() as transaction:
        await store.save_sessions(transaction, sessions)
    return [(each.session_id, each.learner_id, each.mentor_id) for each in sessions]


def _requested(program_id: UUID, at: datetime) -> Session:
    """A request between two new people."""
    return Session(
        session_id=uuid4(),
        version=1,
        state="requested",
        program_id=program_id,
        learner_id=uuid4(),
        mentor_id=uuid4(),
        skill_id=None,
        want_to_learn="",
        tried="",
        format="chat",
        minutes=30,
        created_at=at,
        expires_at=at + timedelta(days=1),
        answer_by=at + timedelta(days=1),
    )
