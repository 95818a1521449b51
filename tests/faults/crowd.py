"""People of one run's own who sign in, ask, answer and get mail; they repeat each call until it is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2
from flash_local.bring_up import identity_provider
from flash_local.identity import Account
from flash_local.personas import bearer, tokens_of

from tests.faults.ledger import Asked
from tests.faults.run import Run
from tests.faults.watch import number
from tests.support.waiting import eventually

KNOWN = "SELECT count(*) FROM person WHERE person_id = ANY ($1)"
KNOWN_WITHIN_S = 30
ANSWERED_WITHIN_S = 90


@dataclass(frozen=True)
class Member:
    """Somebody with an account of their own."""

    person_id: UUID
    token: str


async def gathered(run: Run, count: int) -> list[Member]:
    """So many new employees with an address for mail, whom the session service knows."""
    writers, logins = run.lab.writers, [f"crowd-{uuid4()}" for _ in range(count)]
    events = [writers.joined(login) | {"email": f"{login}@faults.example"} for login in logins]
    async with writers.client() as client:
        answer = await writers.push(client, events)
    assert answer, "HR was not answered"
    accounts = [
        Account(login, login, result["person_id"]) for login, result in zip(logins, answer["results"], strict=True)
    ]
    provider = identity_provider(run.system.here)
    await provider.register(accounts)
    tokens = await tokens_of(provider, logins)
    members = [Member(UUID(account.person_id), tokens[account.login]) for account in accounts]
    ids = [member.person_id for member in members]
    await eventually(lambda: _known(run, ids), KNOWN_WITHIN_S)
    return members


async def _known(run: Run, person_ids: Sequence[UUID]) -> bool:
    return await number(run.system, "session", KNOWN, person_ids) == len(person_ids)


async def asks(run: Run, learner: Member, mentor: Member) -> UUID:
    """The learner asks until it is answered; the session."""
    key, asked = str(uuid4()), Asked(str(mentor.person_id))
    run.lab.writers.ledger.asked[key] = asked
    body = run.lab.writers.ask_body(asked.mentor_id)
    answer = await call(run, learner, "POST", "/api/v1/sessions", body, {"Idempotency-Key": key})
    assert answer.status_code == 201, f"a request was answered {answer.status_code}: {answer.text}"
    asked.outcome, asked.session_id = "answered", UUID(answer.json()["session_id"])
    return asked.session_id


async def call(
    run: Run, member: Member, method: str, path: str, body: Any, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    """Call until there is an answer that is the platform's own."""
    said = bearer(member.token) | dict(headers or {})

    async def answered() -> httpx2.Response | None:
        async with run.lab.writers.client() as client:
            try:
                answer = await client.request(method, path, json=body, headers=said)
            except httpx2.HTTPError:
                return None
        return answer if answer.status_code < 500 and answer.status_code != 429 else None

    answer = await eventually(answered, ANSWERED_WITHIN_S)
    assert answer is not None
    return answer
