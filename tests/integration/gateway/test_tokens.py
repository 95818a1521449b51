"""Who gets in: only the bearer of a token that this provider signed for this platform, and that is valid now."""

import time
from collections.abc import Callable

import httpx2
import pytest
from flash_local.identity import IdentityProvider

from tests.support.gateways import assert_problem, bearer
from tests.support.identity import Forger, tampered

ADDRESS = "/api/v1/me/profile"

REFUSED: dict[str, Callable[[Forger], str]] = {
    "garbage": lambda _: "garbage",
    "three parts of garbage": lambda _: "a.b.c",
    "unsigned, algorithm none": lambda forger: forger.unsigned(),
    "HS256 with the public key as the secret": lambda forger: forger.signed_with_the_public_key(),
    "RS512 with the right key": lambda forger: forger.token(header={"alg": "RS512"}),
    "PS256 with the right key": lambda forger: forger.token(header={"alg": "PS256"}),
    "signed by a stranger": lambda forger: forger.signed_by_a_stranger(),
    "an unknown key id": lambda forger: forger.token(header={"kid": "unknown"}),
    "changed after signing": lambda forger: tampered(forger.token()),
    "for another audience": lambda forger: forger.token(aud="another-platform"),
    "for no audience": lambda forger: forger.token(aud=None),
    "from another issuer": lambda forger: forger.token(iss="https://id.example.org"),
    "from no issuer": lambda forger: forger.token(iss=None),
    "expired": lambda forger: forger.token(exp=int(time.time()) - 60),
    "without an expiry": lambda forger: forger.token(exp=None),
    "not valid yet": lambda forger: forger.token(nbf=int(time.time()) + 120),
}


@pytest.mark.parametrize("forge", REFUSED.values(), ids=REFUSED.keys())
async def test_this_token_is_refused(
    client: httpx2.AsyncClient, forger: Forger, forge: Callable[[Forger], str]
) -> None:
    answer = await client.get(ADDRESS, headers=bearer(forge(forger)))
    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_no_token_is_refused(client: httpx2.AsyncClient) -> None:
    assert_problem(await client.get(ADDRESS), 401, "unauthorized")


async def test_a_token_in_the_address_is_refused(client: httpx2.AsyncClient, forger: Forger) -> None:
    assert_problem(await client.get(ADDRESS, params={"access_token": forger.token()}), 401, "unauthorized")


async def test_another_scheme_of_authorization_is_refused(client: httpx2.AsyncClient, forger: Forger) -> None:
    answer = await client.get(ADDRESS, headers={"Authorization": f"Basic {forger.token()}"})
    assert_problem(answer, 401, "unauthorized")


@pytest.mark.parametrize("persona", ["hr", "operator"])
async def test_a_token_of_the_provider_gets_in_and_is_passed_on(
    client: httpx2.AsyncClient, provider: IdentityProvider, persona: str
) -> None:
    headers = bearer(await provider.token(persona))
    answer = await client.get("/api/v1/skills", headers=headers)
    assert answer.status_code == 200
    assert answer.json()["headers"]["authorization"] == headers["Authorization"]


async def test_a_clock_that_is_a_little_ahead_does_no_harm(client: httpx2.AsyncClient, forger: Forger) -> None:
    token = forger.token(nbf=int(time.time()) + 10)
    assert (await client.get(ADDRESS, headers=bearer(token))).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/hr/org-events", "/api/v1/hr/people/E1"])
@pytest.mark.parametrize("role", ["employee", "program_owner", "operator"])
async def test_hr_data_is_for_the_hr_platform_alone(
    client: httpx2.AsyncClient, forger: Forger, path: str, role: str
) -> None:
    assert_problem(await client.post(path, headers=bearer(forger.token(role))), 403, "forbidden")
    assert (await client.post(path, headers=bearer(forger.token("hr_platform")))).status_code == 200


async def test_a_role_that_only_begins_like_hrs_is_not_enough(client: httpx2.AsyncClient, forger: Forger) -> None:
    answer = await client.get("/api/v1/hr/people/E1", headers=bearer(forger.token("hr_platform_reader")))
    assert_problem(answer, 403, "forbidden")
