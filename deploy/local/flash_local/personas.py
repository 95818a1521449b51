"""The people and programs of the demo: pushed by HR, registered where they sign in, each with a token.

The profile service gives people their ids, so HR comes first; then they get accounts that carry these ids.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import httpx2

from flash_local import loopback
from flash_local.errors import SetupError
from flash_local.identity import PROGRAMS, Account, IdentityProvider
from flash_local.organisation import PARTNERS, SALES, Employee, units
from flash_local.state import Persona

PERSONAS = {
    "learner": Employee("P00001", "Amara Okafor", "Engineer", 4, "Berlin", "AUR-EN-0-N-1"),
    "mentor": Employee("P00002", "Jonas Lindqvist", "Manager", 8, "Lisbon", f"{SALES}-2-S-1"),
    "owner": Employee("P00003", "Beatriz Carvalho", "Director", 10, "Lisbon", "AUR-PC-0-N-2"),
    "reviewer": Employee("P00005", "Ingrid Solheim", "Counsel", 7, "Lisbon", f"{PARTNERS}-0-N-1"),
    "outsider": Employee("P00004", "Tomasz Zieliński", "Consultant", 5, "Berlin", f"{PARTNERS}-0-N-1"),
    "auditor": Employee("P00006", "Noor Haddad", "Specialist", 6, "Berlin", "AUR-FL-2-N-1"),
}
ROLES = {
    "owner": ("employee", "program_owner"),
    "reviewer": ("employee", "reviewer"),
    "auditor": ("employee", "auditor"),
}
TIMEOUT_S = 130
TOKENS_AT_ONCE = 8


async def introduce(gateway_url: str, provider: IdentityProvider) -> dict[str, Persona]:
    """Everybody of the demo with their id and token. Raises SetupError."""
    hr = await provider.token("hr")
    async with gateway_client(gateway_url) as client:
        await push(client, hr, [*units(), *(employee.joined() for employee in PERSONAS.values())])
        accounts = await accounts_of(client, hr, PERSONAS)
    await provider.register(accounts)
    tokens = await tokens_of(provider, [*PERSONAS, *PROGRAMS])
    ids = {account.login: account.person_id for account in accounts}
    return {name: Persona(person_id=ids.get(name), token=token) for name, token in tokens.items()}


def gateway_client(url: str) -> httpx2.AsyncClient:
    """A client that goes to the gateway and through no proxy."""
    return loopback.client(url, timeout=TIMEOUT_S)


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


async def push(client: httpx2.AsyncClient, token: str, events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Push HR events; what became of them. Raises SetupError when one is refused."""
    answer = await client.post("/api/v1/hr/org-events", json={"events": events}, headers=bearer(token))
    if answer.status_code != 200 or answer.json()["refused"]:
        raise SetupError(f"The HR push was not taken: {answer.text[:500]}")
    pushed: dict[str, Any] = answer.json()
    return pushed


async def accounts_of(client: httpx2.AsyncClient, hr_token: str, people: dict[str, Employee]) -> list[Account]:
    """Accounts for employees by login, with the ids that the platform gave them. Raises SetupError."""
    accounts = []
    for login, employee in people.items():
        answer = await client.get(f"/api/v1/hr/people/{employee.number}", headers=bearer(hr_token))
        if answer.status_code != 200:
            raise SetupError(f"HR does not find {employee.number}: {answer.text[:500]}")
        accounts.append(Account(login, employee.name, answer.json()["person_id"], ROLES.get(login, ("employee",))))
    return accounts


async def tokens_of(provider: IdentityProvider, logins: Iterable[str]) -> dict[str, str]:
    """A token for each, a few at once."""
    turns = asyncio.Semaphore(TOKENS_AT_ONCE)

    async def token(login: str) -> tuple[str, str]:
        async with turns:
            return login, await provider.token(login)

    return dict(await asyncio.gather(*(token(login) for login in logins)))
