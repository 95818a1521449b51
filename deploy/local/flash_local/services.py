"""The services of the platform, in one table, and how the runner starts each."""

import sys
from dataclasses import dataclass
from pathlib import Path

from flash_local.databases import DatabaseUrls
from flash_local.engines.every import Engines
from flash_local.private_files import kept_secret
from flash_local.processes import Program, http_answers

AUDIENCE = "flash-mentoring"
STOP_WITHIN_S = 30
"""Longer than a service's own limit for finishing what it holds."""


@dataclass(frozen=True)
class Service:
    """One service: `name` is also that of its database and role; `commands` prepare its database at every start.

    `secrets` are settings whose values this installation makes up and keeps.
    """

    name: str
    module: str
    uses_opensearch: bool = False
    sends_mail: bool = False
    commands: tuple[str, ...] = ("migrate",)
    secrets: tuple[str, ...] = ()
    """Settings of 32 random bytes that this installation makes for itself."""


SESSION_SECRETS = ("FLASH_MESSAGE_MASTER_KEYS", "FLASH_LINK_KEY")
SERVICES = (
    Service("profile", "profile_service", commands=("migrate", "seed")),
    Service("search", "search_service", uses_opensearch=True, secrets=("FLASH_QUERY_HASH_KEY",)),
    Service("session", "session_service", sends_mail=True, secrets=SESSION_SECRETS),
    Service("analytics", "analytics_service"),
)


@dataclass(frozen=True)
class Issuer:
    """Whose tokens the services accept."""

    issuer: str
    jwks_url: str


def environment(
    service: Service, database: DatabaseUrls, engines: Engines, issuer: Issuer, http_port: int, secrets_folder: Path
) -> dict[str, str]:
    """The settings of a service's process, as it reads them."""
    settings = {
        "FLASH_DATABASE_URL": database.app,
        "FLASH_DATABASE_OWNER_URL": database.owner,
        "FLASH_KAFKA_BOOTSTRAP": engines.kafka_bootstrap,
        "FLASH_JWT_ISSUER": issuer.issuer,
        "FLASH_JWT_AUDIENCE": AUDIENCE,
        "FLASH_JWKS_URL": issuer.jwks_url,
        "FLASH_HTTP_PORT": str(http_port),
        "FLASH_VIDEO_URL_TEMPLATE": "https://meet.example.org/{room}",
    }
    settings |= {name: kept_secret(secrets_folder / name) for name in service.secrets}
    return settings | ({"FLASH_OPENSEARCH_URL": engines.opensearch_url} if service.uses_opensearch else {})


def program(service: Service, env: dict[str, str]) -> Program:
    """How to run all components of a service in one process, without the right to change its tables."""
    url = f"http://127.0.0.1:{env['FLASH_HTTP_PORT']}"
    return Program(
        name=service.name,
        argv=[sys.executable, "-m", service.module],
        env={name: value for name, value in env.items() if name != "FLASH_DATABASE_OWNER_URL"},
        ready=http_answers(f"{url}/ready"),
        live=http_answers(f"{url}/live"),
        stop_within_s=STOP_WITHIN_S,
    )
