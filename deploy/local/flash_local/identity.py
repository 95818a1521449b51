"""The development identity provider: who can sign in, its process, and tokens for the demo's personas.

People get their `person_id` from the profile service, so they are registered here after HR has pushed them.
The signing key stays in the folder: tokens of a former start still verify.
"""

import base64
import hashlib
import json
import secrets
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import yaml

from flash_local import loopback
from flash_local.errors import SetupError
from flash_local.home import CHECKOUT
from flash_local.private_files import write_private
from flash_local.processes import Program, http_answers

SETTINGS = CHECKOUT / "deploy/local/identity/settings.yaml"
PROGRAMS = {"hr": "hr-platform", "operator": "operator"}
"""Client ids of the personas that are programs; every other persona is a person who signs in."""

WEB_CLIENT = "flash-web"
REDIRECT_URI = "http://127.0.0.1/callback"
TIMEOUT_S = 10


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in: `login` is what they pick, `person_id` what the profile service gave them."""

    login: str
    name: str
    person_id: str
    roles: tuple[str, ...] = ("employee",)


@dataclass(frozen=True)
class Secrets:
    """What this installation's provider and its clients share with nobody else."""

    hr: str
    operator: str
    session: str
    management: str


@dataclass(frozen=True)
class IdentityProvider:
    """The provider that keeps its configuration, keys and accounts in `folder` and listens on `port`."""

    folder: Path
    port: int

    @property
    def issuer(self) -> str:
        """The `iss` of its tokens, and its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def jwks_url(self) -> str:
        """Where its public keys are."""
        return f"{self.issuer}/.well-known/jwks.json"

    def write_config(self) -> None:
        """Everything its process reads. Accounts, secrets and keys of a former start stay."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy(SETTINGS, self.folder / "settings.yaml")
        if not self._users_file.exists():
            self._write_users({})
        if not self._secrets_file.exists():
            made = Secrets(*(secrets.token_urlsafe(24) for _ in range(4)))
            write_private(self._secrets_file, json.dumps(asdict(made)))

    def program(self) -> Program:
        """How to run it, once its configuration is written."""
        return Program(
            name="identity",
            argv=[sys.executable, "-m", "flash_local.identity_server", str(self.folder)],
            env=self._environment(),
            ready=http_answers(self.jwks_url),
            live=http_answers(self.jwks_url),
            folder=self.folder,
        )

    async def register(self, accounts: Sequence[Account]) -> None:
        """Let these people sign in; who has the same login is replaced, all others stay."""
        users = yaml.safe_load(self._users_file.read_text())["users"]
        self._write_users(users | {account.login: _user(account) for account in accounts})
        headers = {"X-Management-Secret": self._secrets().management}
        async with self._client() as client:
            _check(await client.post("/api/config/reload", headers=headers), "take the new accounts")

    async def token(self, persona: str) -> str:
        """An access token for one of the PROGRAMS, or for a registered person by login. Raises SetupError."""
        async with self._client() as client:
            if persona in PROGRAMS:
                return await self._token_of_program(client, persona)
            return await _token_of_person(client, persona)

    async def _token_of_program(self, client: httpx2.AsyncClient, persona: str) -> str:
        credentials = (PROGRAMS[persona], getattr(self._secrets(), persona))
        answer = await client.post("/token", data={"grant_type": "client_credentials"}, auth=credentials)
        return _access_token(answer, persona)

    def _environment(self) -> dict[str, str]:
        secret = self._secrets()
        return {
            "FLASH_IDENTITY_PORT": str(self.port),
            "FLASH_IDENTITY_ISSUER": self.issuer,
            "FLASH_IDENTITY_KEYS": str(self.folder / "keys"),
            "FLASH_IDENTITY_HR_SECRET": secret.hr,
            "FLASH_IDENTITY_OPERATOR_SECRET": secret.operator,
            "FLASH_IDENTITY_SESSION_SECRET": secret.session,
            "FLASH_IDENTITY_MANAGEMENT_SECRET": secret.management,
        }

    def _client(self) -> httpx2.AsyncClient:
        return loopback.client(self.issuer, timeout=TIMEOUT_S)

    def _secrets(self) -> Secrets:
        return Secrets(**json.loads(self._secrets_file.read_text()))

    def _write_users(self, users: dict[str, object]) -> None:
        write_private(self._users_file, yaml.safe_dump({"config_version": 1, "users": users}, allow_unicode=True))

    @property
    def _users_file(self) -> Path:
        return self.folder / "users.yaml"

    @property
    def _secrets_file(self) -> Path:
        return self.folder / "secrets.json"


async def _token_of_person(client: httpx2.AsyncClient, login: str) -> str:
    """What a web application does for somebody who signs in: authorization code with PKCE."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    request = {
        "response_type": "code",
        "client_id": WEB_CLIENT,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid profile",
        "state": secrets.token_urlsafe(16),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": f"persona-auto-login:{login}",
    }
    redirect = await client.get("/authorize", params=request)
    exchange = {
        "grant_type": "authorization_code",
        "client_id": WEB_CLIENT,
        "redirect_uri": REDIRECT_URI,
        "code": _code(redirect, request["state"], login),
        "code_verifier": verifier,
    }
    return _access_token(await client.post("/token", data=exchange), login)


def _code(redirect: httpx2.Response, state: str, login: str) -> str:
    query = parse_qs(urlsplit(redirect.headers.get("location", "")).query)
    if query.get("state") != [state] or "code" not in query:
        raise SetupError(f"The identity provider did not sign in {login}: is the account registered?")
    return query["code"][0]


def _access_token(answer: httpx2.Response, persona: str) -> str:
    _check(answer, f"give {persona} a token")
    token: str = answer.json()["access_token"]
    return token


def _check(answer: httpx2.Response, what: str) -> None:
    if answer.status_code != 200:
        raise SetupError(f"The identity provider did not {what}: it answered {answer.status_code}. See its log.")


def _user(account: Account) -> dict[str, object]:
    return {
        "description": account.name,
        "roles": list(account.roles),
        "attributes": {"person_id": account.person_id},
    }
