"""What must hold after every run, read from Kafka, PostgreSQL, OpenSearch and the callers' ledger.

The numbers I1 to I8 are those of the invariants in the README of this folder.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import orjson
from flash_local import loopback

from tests.faults.ledger import Employee, Ledger, Organisation
from tests.faults.system import System
from tests.faults.watch import number, pairs, rows

PEOPLE = """
SELECT employee_number, job_title, status, code, version, person_id FROM person JOIN org_unit USING (unit_id)
WHERE employee_number LIKE 'F%'
"""
PLACED = "SELECT person_id, max(version) FROM person_unit GROUP BY person_id"
DOCUMENTED = "SELECT person_id::text, doc_version FROM person"
MEASURES = {
    "flash.message.sent.v1": "message",
    "flash.session.requested.v1": "asked",
    "flash.session.withdrawn.v1": "withdrawn",
    "flash.search.performed.v1": "search",
}
COUNTED = "SELECT measure, sum(amount)::bigint FROM rollup_count GROUP BY measure"


@dataclass
class Findings:
    """What is wrong after a run, by what it means; each with where."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    inverted: list[str] = field(default_factory=list)
    resurrected: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    parked: int = 0

    def all(self) -> list[str]:
        """Every finding as a line."""
        kinds = ("lost", "doubled", "inverted", "resurrected", "other")
        return [f"{kind}: {what}" for kind in kinds for what in getattr(self, kind)]


@dataclass
class History:
    """Everything that the topics ever held, as far as later checks need it."""

    versions: dict[tuple[str, bytes], int] = field(default_factory=dict)
    event_ids: set[bytes] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    message_ids: set[UUID] = field(default_factory=set)
    planted: set[tuple[str, int, int]] = field(default_factory=set)
    """Where records stand that a row put there, and that no service said."""
    records: int = 0

    def take(self, records: Sequence[Any], found: Findings) -> None:
        """Read on; order and repetition are judged on the way (I3, I8)."""
        for record in records:
            headers = dict(record.headers)
            if record.topic.endswith("-dlq"):
                found.parked += 1
            elif (record.topic, record.partition, record.offset) not in self.planted:
                self._event(record, headers, found)

    def _event(self, record: Any, headers: dict[str, bytes], found: Findings) -> None:
        self.records += 1
        event_id, version = headers["ce_id"], int(headers["ce_aggregateversion"])
        place = (record.topic, record.key)
        if event_id in self.event_ids:
            return
        if version < self.versions.get(place, 0):
            found.inverted.append(f"{record.topic} {record.key.decode()}: {version} after {self.versions[place]}")
        self.event_ids.add(event_id)
        self.versions[place] = max(version, self.versions.get(place, 0))
        kind = headers["ce_type"].decode()
        self.counts[kind] += 1
        if kind == "flash.message.sent.v1":
            self.message_ids.add(UUID(orjson.loads(record.value)["message_id"]))


async def check(system: System, organisation: Organisation, ledger: Ledger, history: History, found: Findings) -> None:
    """Hold everything against everything, once all has arrived; what is wrong is added to the findings."""
    people = await rows(system, "profile", PEOPLE)
    await _people(system, organisation, ledger, history, people, found)
    await _projections(system, people, found)
    await _index(system, people, found)
    await _sessions(system, ledger, history, found)
    await _figures(system, history, found)


async def _people(
    system: System, organisation: Organisation, ledger: Ledger, history: History, people: Sequence[Any], found: Findings
) -> None:
    """What HR was promised is there, what nobody asked for is not (I1, I2), and it was announced."""
    actual = [Employee(row["employee_number"], row["job_title"], row["code"], row["status"]) for row in people]
    found.lost += [f"{who} is not as HR was told" for who in organisation.settle(actual)]
    for row in people:
        announced = history.versions.get(("profile-events", str(row["person_id"]).encode()), 0)
        if announced != row["version"]:
            found.lost.append(f"{row['employee_number']} is at {row['version']}, its topic at {announced}")
    said = [event["id"] for push in ledger.pushes for event in push.events]
    applied = await rows(system, "profile", "SELECT event_id FROM hr_event WHERE event_id = ANY ($1)", said)
    found.lost += ledger.halves({row["event_id"] for row in applied})


async def _projections(system: System, people: Sequence[Any], found: Findings) -> None:
    """Every other service knows everybody's newest state (I1, I4)."""
    known = {
        "search": await pairs(system, "search", "SELECT person_id, profile_version FROM person"),
        "session": await pairs(system, "session", "SELECT person_id, version FROM person"),
        "analytics": await pairs(system, "analytics", PLACED),
    }
    for service, versions in known.items():
        for row in people:
            if versions.get(row["person_id"], 0) != row["version"]:
                has = versions.get(row["person_id"])
                found.lost.append(f"{service} has {row['employee_number']} at {has}, not {row['version']}")


async def _index(system: System, people: Sequence[Any], found: Findings) -> None:
    """The index holds exactly what the projection holds, and nobody who left (I4)."""
    expected = await pairs(system, "search", DOCUMENTED)
    for generation in await rows(system, "search", "SELECT name FROM index_generation"):
        documents = await _documents(system.engine_url("opensearch"), generation["name"])
        for person_id in expected.keys() | documents.keys():
            has = documents.get(person_id, (None, {}))[0]
            if has != expected.get(person_id):
                found.lost.append(f"{generation['name']} has {person_id} at {has}, not {expected.get(person_id)}")
        _shown(people, documents, found)


def _shown(people: Sequence[Any], documents: dict[str, tuple[int, dict[str, Any]]], found: Findings) -> None:
    for row in people:
        _, source = documents.get(str(row["person_id"]), (0, {"deleted": True}))
        if not source["deleted"] and row["status"] == "left":
            found.resurrected.append(f"{row['employee_number']} left and is found")
        if row["status"] != "left" and source.get("job_title") != row["job_title"]:
            found.lost.append(f"{row['employee_number']} is found as {source.get('job_title')}, not {row['job_title']}")


async def _documents(url: str, index: str) -> dict[str, tuple[int, dict[str, Any]]]:
    """Every document with its version."""
    async with loopback.client(url, timeout=30) as client:
        await client.post(f"/{index}/_refresh")
        return {hit["_id"]: (hit["_version"], hit["_source"]) async for hit in _pages(client, index)}


async def _pages(client: httpx2.AsyncClient, index: str) -> Any:
    body: dict[str, Any] = {"size": 5_000, "version": True, "sort": [{"person_id": "asc"}]}
    body["_source"] = ["deleted", "job_title"]
    while hits := (await client.post(f"/{index}/_search", json=body)).json()["hits"]["hits"]:
        for hit in hits:
            yield hit
        body["search_after"] = hits[-1]["sort"]


async def _sessions(system: System, ledger: Ledger, history: History, found: Findings) -> None:
    """Requests and messages are each there once, refused ones nowhere (I1, I2, I6)."""
    kept = {row["message_id"] for row in await rows(system, "session", "SELECT message_id FROM message")}
    for message_id, sent in ledger.messages.items():
        if sent.outcome == "answered" and message_id not in kept:
            found.lost.append(f"message {message_id}")
        if sent.outcome == "refused" and message_id in kept:
            found.other.append(f"message {message_id} was refused and is there")
    found.lost += [f"message {message_id} is not on its topic" for message_id in kept - history.message_ids]
    found.other += [f"message {message_id} is on its topic only" for message_id in history.message_ids - kept]
    await _asked(system, ledger, found)


async def _asked(system: System, ledger: Ledger, found: Findings) -> None:
    known = await rows(
        system, "session", "SELECT session_id FROM session WHERE session_id = ANY ($1)", ledger.session_ids()
    )
    found.lost += [f"session {lost}" for lost in ledger.session_ids() - {row["session_id"] for row in known}]
    total = await number(system, "session", "SELECT count(*) FROM session")
    least, most = ledger.sessions_before + len(ledger.session_ids()), ledger.sessions_before
    most += sum(asked.outcome != "refused" for asked in ledger.asked.values())
    if total > most:
        found.doubled.append(f"{total} sessions where at most {most} were asked for")
    if total < least:
        found.lost.append(f"{total} sessions where at least {least} were answered")


async def _figures(system: System, history: History, found: Findings) -> None:
    """The figures are those of the distinct events, to the last one (I5, I6)."""
    counted = await pairs(system, "analytics", COUNTED)
    for kind, measure in MEASURES.items():
        expected, counts = history.counts[kind], counted.get(measure, 0)
        if counts > expected:
            found.doubled.append(f"{measure} counts {counts}, said were {expected}")
        if counts < expected:
            found.lost.append(f"{measure} counts {counts}, said were {expected}")
