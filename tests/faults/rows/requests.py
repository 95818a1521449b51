"""Rows about what the session service promises: letters, requests that end by themselves, and slots of a month."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import orjson
from flash_local import loopback

from tests.faults.crowd import Member, asks, call, gathered
from tests.faults.rows.events import headers_of, old_records
from tests.faults.rows.processes import API_POINTS
from tests.faults.run import SEEDS_SLOW, Run, row
from tests.faults.system import MAIL
from tests.faults.watch import number, rows
from tests.support.waiting import eventually

LEARNERS, MENTORS = 4, 5
CUTS, CUT_WITHIN_S = 4, 60
ANSWERS_BYTES = 400
"""More than a mail server says about one letter: so a line is cut at any step of some letter."""
SETTLED_WITHIN_S = 150
SLOTS = 2

DELIVERIES = "SELECT delivery_id, state FROM delivery WHERE person_id = ANY ($1) AND channel = 'mail'"
END_NOW = "UPDATE session SET expires_at = now(), answer_by = now() WHERE session_id = ANY ($1)"
OPEN = "SELECT count(*) FROM session WHERE session_id = ANY ($1) AND state = 'requested'"
ENDED = "SELECT session_id, count(*) FROM notice WHERE session_id = ANY ($1) AND kind = 'expired' GROUP BY session_id"
ACCEPTED = "SELECT session_id FROM session WHERE mentor_id = $1 AND state = 'accepted'"


@row(
    44,
    "the session service dies, or the line to the mail server is cut, while letters go out: each comes once at most",
    fast=False,
)
async def letters_go_out_amid_faults(run: Run) -> None:
    learners, mentors = await gathered(run, LEARNERS), await gathered(run, MENTORS)
    async with run.writing():
        asked, _ = await asyncio.gather(_everybody_asks(run, learners, mentors), _letters_are_hindered(run))
    ids = [mentor.person_id for mentor in mentors]
    letters = await eventually(lambda: _settled(run, ids, len(asked)), SETTLED_WITHIN_S)
    await _each_came_once(run, letters)


async def _everybody_asks(run: Run, learners: Sequence[Member], mentors: Sequence[Member]) -> list[UUID]:
    return await asyncio.gather(*(asks(run, learner, mentor) for learner in learners for mentor in mentors))


async def _letters_are_hindered(run: Run) -> None:
    if run.one_of(True, False):
        await run.dies_at("session", run.one_of("delivery.handing_over", "delivery.answered"), run.random.randint(1, 8))
        return
    line = run.system.proxies[MAIL]
    for _ in range(CUTS):
        line.cut_after(run.random.randint(1, ANSWERS_BYTES))
        await eventually(lambda: line.whole, CUT_WITHIN_S)
    run.happened(f"the line to the mail server was cut {CUTS} times")


async def _settled(run: Run, person_ids: Sequence[UUID], expected: int) -> dict[UUID, str]:
    """What became of every letter to these people, once nothing is on its way; so many were due."""
    letters = {row["delivery_id"]: row["state"] for row in await rows(run.system, "session", DELIVERIES, person_ids)}
    on_their_way = [state for state in letters.values() if state in ("waiting", "retry", "claimed", "sending")]
    return letters if len(letters) >= expected and not on_their_way else {}


async def _each_came_once(run: Run, letters: dict[UUID, str]) -> None:
    """One that is said to be sent came; one of which nobody knows came once or not; none came twice."""
    came = await _mails(run)
    for letter, state in letters.items():
        if came[letter] > 1:
            run.found.doubled.append(f"letter {letter} came {came[letter]} times")
        if state == "sent" and not came[letter]:
            run.found.lost.append(f"letter {letter} is said to be sent and did not come")
        if state not in ("sent", "unknown"):
            run.found.lost.append(f"letter {letter} is {state}")


async def _mails(run: Run) -> Counter[UUID]:
    """How often each letter came, by the id that its Message-ID carries."""
    async with loopback.client() as client:
        mails = (await client.get(f"{run.system.state.mail}/mails.json")).json()
    ids = (dict(mail["headers"])["Message-ID"] for mail in mails)
    return Counter(UUID(message_id.strip("<>").partition("@")[0]) for message_id in ids)


@row(
    45,
    "requests end in the same moment while a worker dies and another works beside it: each ends once",
    seeds=SEEDS_SLOW,
)
async def requests_end_while_workers_die(run: Run) -> None:
    learners, mentors = await gathered(run, LEARNERS), await gathered(run, MENTORS)
    asked = await _everybody_asks(run, learners, mentors)
    second = await run.system.start_second("session", "worker")
    async with run.writing():
        await asyncio.gather(
            run.dies_at("session", run.one_of("transaction.committing", "transaction.committed")),
            rows(run.system, "session", END_NOW, asked),
        )
    await eventually(lambda: _none_is_open(run, asked), 60)
    await run.system.stop_second(second)
    told = {row["session_id"]: row["count"] for row in await rows(run.system, "session", ENDED, asked)}
    _each_once(run, asked, await _said(run, "flash.session.expired.v1", len(asked)), "events")
    _each_once(run, asked, Counter(told), "notices")


async def _none_is_open(run: Run, session_ids: Sequence[UUID]) -> bool:
    return not await number(run.system, "session", OPEN, session_ids)


async def _said(run: Run, kind: str, least: int) -> Counter[UUID]:
    """How many different events of a kind each session has on its topic, once there are so many in all."""

    async def enough() -> Counter[UUID]:
        records = [r for r in await old_records(run, "session-events") if headers_of(r).get("ce_type") == kind.encode()]
        distinct = {headers_of(record)["ce_id"]: _session_of(record) for record in records}
        said = Counter(distinct.values())
        return said if said.total() >= least else Counter()

    return await eventually(enough, 60)


def _session_of(record: Any) -> UUID:
    return UUID(orjson.loads(record.value)["session_id"])


def _each_once(run: Run, session_ids: Sequence[UUID], counts: Counter[UUID], what: str) -> None:
    for session_id in session_ids:
        if counts[session_id] > 1:
            run.found.doubled.append(f"session {session_id} ended with {counts[session_id]} {what}")
        if not counts[session_id]:
            run.found.lost.append(f"session {session_id} ended without {what}")


@row(
    46,
    "more is accepted at once than a mentor has slots, while the API dies: no slot is lost, none given twice",
    seeds=SEEDS_SLOW,
)
async def more_is_accepted_than_there_are_slots(run: Run) -> None:
    learners, (mentor,) = await gathered(run, 8), await gathered(run, 1)
    asked = await asyncio.gather(*(asks(run, learner, mentor) for learner in learners))
    await _has_slots(run, mentor)
    async with run.writing():
        accepting = [_accepts(run, mentor, session_id) for session_id in asked]
        _, *answers = await asyncio.gather(
            run.dies_at("session", run.one_of(*API_POINTS), run.random.randint(1, 8)), *accepting
        )
    accepted = {session_id for session_id, status in zip(asked, answers, strict=True) if status == 200}
    kept = {row["session_id"] for row in await rows(run.system, "session", ACCEPTED, mentor.person_id)}
    if len(kept) > SLOTS:
        run.found.doubled.append(f"{len(kept)} sessions were accepted with {SLOTS} slots")
    if len(kept) < SLOTS or accepted != kept:
        run.found.lost.append(f"{accepted} were answered as accepted, {kept} are, with {SLOTS} slots")


async def _has_slots(run: Run, mentor: Member) -> None:
    path = "/api/v1/me/availability"
    version = (await call(run, mentor, "GET", path, None)).headers["ETag"]
    answer = await call(run, mentor, "PUT", path, {"capacity": SLOTS}, {"If-Match": version})
    assert answer.status_code == 200, f"a capacity was answered {answer.status_code}: {answer.text}"


async def _accepts(run: Run, mentor: Member, session_id: UUID) -> int:
    """The mentor accepts, and repeats it with the same key; how it was answered."""
    path, key = f"/api/v1/sessions/{session_id}/accept", {"Idempotency-Key": str(uuid4())}
    return (await call(run, mentor, "POST", path, {}, key)).status_code
