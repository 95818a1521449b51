"""The development identity provider, as its real process: what its tokens say, and what they can not be made to say."""

import base64
import hashlib
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2
import pytest
from flash_local import loopback
from flash_local.errors import SetupError
from flash_local.identity import REDIRECT_URI, WEB_CLIENT, Account, IdentityProvider
from flash_local.processes import free_port
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support.identity import serving_identity

TWELVE_HOURS_S = 12 * 3600


@pytest.fixture(scope="module")
async def provider(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[IdentityProvider]:
    async with serving_identity(tmp_path_factory.mktemp("provider")) as started:
        yield started


async def claims_of(token: str, provider: IdentityProvider) -> dict[str, Any]:
    """What a token says, after its signature was verified with the provider's public keys."""
    async with loopback.client() as client:
        keys = KeySet.import_key_set((await client.get(provider.jwks_url)).json())
    return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)


def an_account(*roles: str) -> Account:
    return Account(f"login-{uuid4().hex[:8]}", "Ada Λovelace", str(uuid4()), roles or ("employee",))


async def sign_in(provider: IdentityProvider, login: str, **exchanged: str) -> httpx2.Response:
    """The answer to the exchange of a code, with `exchanged` put over what is right."""
    verifier = token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    async with loopback.client(provider.issuer) as client:
        redirect = await client.get(
            "/authorize",
            params={
                "response_type": "code",
                "client_id": WEB_CLIENT,
                "redirect_uri": REDIRECT_URI,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
                "login_hint": f"persona-auto-login:{login}",
            },
        )
        code = parse_qs(urlsplit(redirect.headers["location"]).query)["code"][0]
        right = {
            "grant_type": "authorization_code",
            "client_id": WEB_CLIENT,
            "redirect_uri": REDIRECT_URI,
            "code": code,
            "code_verifier": verifier,
        }
        return await client.post("/token", data=right | exchanged)


@pytest.mark.parametrize(("persona", "role"), [("hr", "hr_platform"), ("operator", "operator")])
async def test_a_program_gets_its_role_and_no_person(provider: IdentityProvider, persona: str, role: str) -> None:
    claims = await claims_of(await provider.token(persona), provider)
    assert claims["roles"] == [role]
    assert "person_id" not in claims
    assert (claims["iss"], claims["aud"]) == (provider.issuer, "flash-mentoring")


async def test_a_person_gets_roles_and_person_id_at_the_top_level_for_twelve_hours(provider: IdentityProvider) -> None:
    account = an_account("employee", "program_owner")
    await provider.register([account])
    claims = await claims_of(await provider.token(account.login), provider)
    assert claims["roles"] == ["employee", "program_owner"]
    assert claims["person_id"] == account.person_id
    assert claims["sub"] == account.login
    assert claims["exp"] - claims["iat"] == TWELVE_HOURS_S


async def test_an_access_token_says_nothing_personal_beyond_what_the_services_read(provider: IdentityProvider) -> None:
    account = an_account()
    await provider.register([account])
    claims = await claims_of(await provider.token(account.login), provider)
    registered = {"iss", "sub", "aud", "exp", "iat", "nbf", "jti"}
    assert set(claims) - registered == {"roles", "person_id", "client_id", "scope", "token_use"}


async def test_a_token_request_cannot_name_another_person(provider: IdentityProvider) -> None:
    account, other = an_account(), str(uuid4())
    await provider.register([account])
    answer = await sign_in(provider, account.login, extra=f'{{"person_id": "{other}"}}')
    assert (await claims_of(answer.json()["access_token"], provider))["person_id"] == account.person_id


async def test_a_web_sign_in_cannot_ask_for_a_programs_scope(provider: IdentityProvider) -> None:
    account = an_account()
    await provider.register([account])
    async with loopback.client(provider.issuer) as client:
        redirect = await client.get(
            "/authorize",
            params={
                "response_type": "code",
                "client_id": WEB_CLIENT,
                "redirect_uri": REDIRECT_URI,
                "scope": "hr_platform",
                "code_challenge": "x" * 43,
                "code_challenge_method": "S256",
                "login_hint": f"persona-auto-login:{account.login}",
            },
        )
    assert "error=invalid_scope" in redirect.headers["location"]


async def test_a_refresh_token_names_no_role_and_brings_a_new_access_token(provider: IdentityProvider) -> None:
    account = an_account()
    await provider.register([account])
    refresh = (await sign_in(provider, account.login)).json()["refresh_token"]
    assert not {"roles", "person_id"} & set(await claims_of(refresh, provider))
    async with loopback.client(provider.issuer) as client:
        answer = await client.post(
            "/token", data={"grant_type": "refresh_token", "refresh_token": refresh, "client_id": WEB_CLIENT}
        )
    assert (await claims_of(answer.json()["access_token"], provider))["person_id"] == account.person_id


async def test_a_wrong_code_verifier_is_refused(provider: IdentityProvider) -> None:
    account = an_account()
    await provider.register([account])
    assert (await sign_in(provider, account.login, code_verifier="y" * 43)).json()["error"] == "invalid_grant"


async def test_somebody_unknown_cannot_sign_in(provider: IdentityProvider) -> None:
    with pytest.raises(SetupError, match="did not sign in nobody"):
        await provider.token("nobody")


@pytest.mark.parametrize("path", ["/api/config/reload", "/api/users/learner/token", "/api/keys/rotate"])
async def test_managing_it_needs_this_installations_secret(provider: IdentityProvider, path: str) -> None:
    async with loopback.client(provider.issuer) as client:
        assert (await client.post(path)).status_code == 401


async def test_accounts_and_keys_outlive_a_restart(tmp_path: Path) -> None:
    account = an_account()
    async with serving_identity(tmp_path) as first:
        await first.register([account])
        token = await first.token(account.login)
    async with serving_identity(tmp_path) as second:
        assert (await claims_of(token, second))["person_id"] == account.person_id
        assert await second.token(account.login)


def test_secrets_and_accounts_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    provider = IdentityProvider(tmp_path / "identity", free_port())
    provider.write_config()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in provider.folder.iterdir()}
    assert modes["secrets.json"] == modes["users.yaml"] == 0o600
    assert stat.S_IMODE(provider.folder.stat().st_mode) == 0o700


def test_writing_the_configuration_again_keeps_secrets(tmp_path: Path) -> None:
    provider = IdentityProvider(tmp_path / "identity", free_port())
    provider.write_config()
    before = (provider.folder / "secrets.json").read_text()
    provider.write_config()
    assert (provider.folder / "secrets.json").read_text() == before
