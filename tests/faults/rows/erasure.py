"""The row in which somebody is forgotten amid faults, and what must hold afterwards (I12)."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

import httpx2
from flash_schemas.topics import load_topics
from opensearchpy import AsyncOpenSearch

from tests.faults.rows.events import again, headers_of, old_records, plant
from tests.faults.rows.index import command
from tests.faults.rows.processes import RELAY_POINTS
from tests.faults.run import Run, row
from tests.faults.system import SERVICES
from tests.faults.watch import number, settle
from tests.support.canaries import in_databases, in_indexes
from tests.support.waiting import eventually

SEARCH_POINTS = ("index.sending", "index.sent", "erasures.handled", "erasures.committed", "people.handled")
KNOWN = "SELECT count(*) FROM person WHERE profile ->> 'name' LIKE '%' || $1 || '%' AND doc_version = indexed_version"
DONE_WITHIN_S = 90


@dataclass(frozen=True)
class Somebody:
    """An employee whose name is a word that stands nowhere else."""

    word: str
    person_id: str
    path: str


@row(42, "somebody is forgotten while a relay and search die, and older events of theirs come after it", fast=False)
async def somebody_is_forgotten_amid_faults(run: Run) -> None:
    run.expected_parked, run.positions_may_go_back = None, True
    somebody = await _joined(run)
    records = [r for r in await old_records(run, "profile-events") if r.key == somebody.person_id.encode()]
    cut_off = records[-1].value[:-1]
    await plant(run, "profile-events", records[-1].key, cut_off, list(records[-1].headers))
    assert await _found(run, somebody.word), "the word is looked for where it is"
    async with run.writing():
        await asyncio.gather(
            _forgotten(run, somebody),
            run.dies_at("profile", run.one_of(*RELAY_POINTS)),
            run.dies_at("search", run.one_of(*SEARCH_POINTS)),
        )
        await again(run, records)
        run.happened("older events came again")
    await _done(run, somebody)
    if run.one_of(True, False):
        service = run.one_of("search", "analytics")
        replay = await command(run, service, "replay")
        assert await replay.wait() == 0, f"{service} did not replay"
        run.happened(f"{service} was replayed")
    await settle(run.system, run.lab.topics, DONE_WITHIN_S)
    run.found.resurrected += [f"a forgotten person is in {place}" for place in sorted(await _found(run, somebody.word))]
    assert headers_of(records[-1])["ce_subject"] == somebody.person_id.encode()


async def _joined(run: Run) -> Somebody:
    """HR says that somebody starts; returns when they can be found."""
    writers, word = run.lab.writers, f"zq{uuid4().hex}"
    async with writers.client() as client:
        answer = await writers.push(client, [writers.joined(f"E-{word}") | {"name": f"Person {word}"}])
    assert answer, "HR was not answered"
    person_id = answer["results"][0]["person_id"]

    async def known() -> bool:
        return await number(run.system, "search", KNOWN, word) == 1

    await eventually(known, 30)
    return Somebody(word, person_id, f"/api/v1/people/{person_id}/erasure")


async def _forgotten(run: Run, somebody: Somebody) -> None:
    """An operator has them forgotten, and repeats it until it is answered."""
    order, operator = {"reason": "request_by_other_means"}, {"Authorization": f"Bearer {_token(run)}"}

    async def taken() -> bool:
        async with run.lab.writers.client() as client:
            try:
                return (await client.post(somebody.path, json=order, headers=operator)).status_code == 202
            except httpx2.HTTPError:
                return False

    await eventually(taken, DONE_WITHIN_S)


async def _done(run: Run, somebody: Somebody) -> None:
    """Every service has confirmed."""
    operator = {"Authorization": f"Bearer {_token(run)}"}

    async def confirmed() -> bool:
        async with run.lab.writers.client() as client:
            try:
                answer = await client.get(somebody.path, headers=operator)
            except httpx2.HTTPError:
                return False
        return answer.status_code == 200 and answer.json()["state"] == "done"

    await eventually(confirmed, DONE_WITHIN_S)


def _token(run: Run) -> str:
    return run.lab.writers.tokens["operator"]


async def _found(run: Run, word: str) -> set[str]:
    """Every table, index, dead-letter topic and log that holds the word."""
    urls = {service: f"{run.system.engine_url('postgres')}/{service}" for service in SERVICES}
    client = AsyncOpenSearch(hosts=[run.system.engine_url("opensearch")])
    try:
        indexes = await in_indexes(client, "people-*", word)
    finally:
        await client.close()
    letters = await old_records(run, *(topic.dead_letter for topic in load_topics()))
    parked = {letter.topic for letter in letters if word.encode() in letter.value}
    logs = {log.name for log in run.system.here.home.logs.iterdir() if word.encode() in log.read_bytes()}
    return {*await in_databases(urls, word), *indexes, *parked, *logs}
