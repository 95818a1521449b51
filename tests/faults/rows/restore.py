"""The row in which PostgreSQL comes back from a backup, and the procedure of the runbook is followed."""

import asyncio
import signal
from collections.abc import Sequence
from uuid import UUID, uuid4

from flash_local import loopback

from tests.faults.load import Pace
from tests.faults.restoring import Certain
from tests.faults.rows.index import command
from tests.faults.run import Run, row
from tests.faults.system import SERVICES
from tests.faults.watch import pairs
from tests.support.base_backups import BaseBackup
from tests.support.waiting import eventually

COLUMNS = 6
MORE = Pace(pushes=10, messages=18, asks=6, seconds=5)

Named = dict[str, dict[UUID, str]]
"""What a report says of what, by kind."""


@row(
    37,
    "PostgreSQL is restored from a base backup taken while writers work, and everybody believes it again",
    fast=False,
    settles_within_s=240,
)
async def the_database_is_restored(run: Run) -> None:
    run.positions_may_go_back = True
    async with run.writing(MORE):
        await run.a_moment(3)
        certain = Certain.now(run.lab.writers.ledger, run.lab.writers.organisation)
        backup = await _backed_up(run)
    newcomer = await _hired(run)
    async with run.writing(MORE):
        await run.a_moment(6)
        await _take_everything_down(run, run.one_of(signal.SIGTERM, signal.SIGKILL))
    late = certain.all_else_is_unknown()
    await asyncio.to_thread(backup.put_back)
    await _brought_up(run, "postgres")
    run.lab.history.take(await run.lab.topics.read_on(), run.found)
    named = await _mended(run, "profile") | await _mended(run, "session")
    run.happened(f"PostgreSQL was restored; {sum(map(len, named.values()))} things diverged")
    await _forget(run, named, late)
    await asyncio.gather(*(_brought_up(run, service) for service in SERVICES))
    await _others_mended(run)
    async with run.writing():
        pass
    await eventually(lambda: _has_left(run, newcomer), 60)
    run.happened("the procedure was followed")


async def _backed_up(run: Run) -> BaseBackup:
    url = f"{run.system.engine_url('postgres')}/postgres"
    return await BaseBackup.taken(run.system.process("postgres").program, url)


async def _hired(run: Run) -> UUID:
    """Somebody who joins after the backup."""
    writers = run.lab.writers
    event = writers.joined(f"N{uuid4()}")
    headers = {"Authorization": f"Bearer {writers.tokens['hr']}"}
    async with loopback.client(writers.gateway, timeout=10) as client:
        answer = await client.post("/api/v1/hr/org-events", json={"events": [event]}, headers=headers)
    hired = UUID(answer.json()["results"][0]["person_id"])
    await eventually(lambda: _is_known(run, hired), 30)
    return hired


async def _is_known(run: Run, person_id: UUID) -> bool:
    return person_id in await pairs(run.system, "search", "SELECT person_id, profile_version FROM person")


async def _has_left(run: Run, person_id: UUID) -> bool:
    known = await pairs(run.system, "search", "SELECT person_id, profile ->> 'status' FROM person")
    return bool(known.get(person_id) == "left")


async def _take_everything_down(run: Run, how: signal.Signals) -> None:
    await asyncio.gather(*(run.system.take_down(service, how) for service in SERVICES))
    await run.system.take_down("postgres", signal.SIGQUIT)


async def _brought_up(run: Run, name: str) -> None:
    before = run.system.process(name)
    run.system.bring_up(name)
    await eventually(lambda: run.system.process(name) is not before, 30)
    await run.system.process(name).wait_ready()


async def _mended(run: Run, service: str) -> Named:
    """Look, begin, be killed on the way, begin again; what was named at first, which must be all that diverges."""
    status, lines = await _report(run, service, "restored", "--check")
    named: Named = {}
    for kind, thing, *_, what in (line for line in lines if len(line) == COLUMNS and line[0] != "kind"):
        named.setdefault(kind, {})[UUID(thing)] = what
    await _check_named(run, service, named)
    killed = await command(run, service, "restored")
    await run.a_moment(3)
    if killed.returncode is None:
        killed.kill()
    await killed.wait()
    for arguments in (["restored"], ["restored", "--check"]):
        status, _ = await _report(run, service, *arguments)
        assert status == 0, f"{service} {arguments} ended with {status}"
    return named


async def _report(run: Run, service: str, *arguments: str) -> tuple[int, list[list[str]]]:
    """The exit status of a command and what it printed, in words."""
    log = run.system.here.home.logs / f"{service}-{arguments[0]}.log"
    before = log.stat().st_size if log.exists() else 0
    child = await command(run, service, *arguments)
    status = await child.wait()
    text = log.read_bytes()[before:].decode()
    return status, [line.split() for line in text.splitlines() if not line.startswith("{")]


async def _check_named(run: Run, service: str, named: Named) -> None:
    """The report names exactly what the topics have with a higher version, or what is not there any more."""
    for kind, (table, key, topics) in KINDS[service].items():
        there = await pairs(run.system, service, f"SELECT {key}, version FROM {table}")
        published = _published(run, topics)
        raised = {one for one, version in published.items() if one in there and version > there[one]}
        said = named.get(kind, {})
        if raised != (told := {one for one, what in said.items() if what == "raised"}):
            run.found.other.append(f"{kind}: {len(raised)} are behind, the report names {len(told)}")
        if missing := published.keys() - there.keys() - said.keys():
            run.found.other.append(f"{kind}: {len(missing)} are not there, and the report does not say so")


KINDS: dict[str, dict[str, tuple[str, str, Sequence[str]]]] = {
    "profile": {
        "people": ("person", "person_id", ["profile-events"]),
        "programs": ("program", "program_id", ["program-events"]),
        "skills": ("skill", "skill_id", ["skill-events"]),
    },
    "session": {
        "availability": ("availability", "person_id", ["availability-events"]),
        "sessions": ("session", "session_id", ["session-events", "message-events"]),
    },
}


def _published(run: Run, topics: Sequence[str]) -> dict[UUID, int]:
    """The highest version of everything in these topics."""
    published: dict[UUID, int] = {}
    for (topic, key), version in run.lab.history.versions.items():
        if topic in topics:
            one = UUID(key.decode())
            published[one] = max(version, published.get(one, 0))
    return published


async def _forget(run: Run, named: Named, late: set[UUID]) -> None:
    """What is lost by definition is no finding, if the report names what of it was ever published."""
    history = run.lab.history
    messages = await pairs(run.system, "session", "SELECT message_id, session_id FROM message")
    sessions = await pairs(run.system, "session", "SELECT session_id, version FROM session")
    gone = {one for one, what in named.get("messages", {}).items() if what == "gone"}
    ended = named.get("sessions", {}).keys()
    for lost in late - messages.keys() - sessions.keys():
        is_published = lost in history.message_ids or ("session-events", str(lost).encode()) in history.versions
        if is_published and lost not in gone and lost not in ended:
            run.found.lost.append(f"{lost} was answered, is gone, and no report names it")
    history.message_ids -= gone


async def _others_mended(run: Run) -> None:
    """The index may be ahead of the projection, the former one too; then both projections are compared."""
    for service, *arguments in (
        ("search", "rebuild"),
        ("search", "rebuild"),
        ("search", "reconcile"),
        ("analytics", "reconcile"),
    ):
        status, lines = await _report(run, service, *arguments)
        assert status == 0, f"{service} {arguments} ended with {status}: {lines[-1:]}"
