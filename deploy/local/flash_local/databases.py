"""Databases and their two roles each: the owner changes tables, the service only uses them."""

import asyncio
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from os import environ
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from flash_local.errors import SetupError

LOCK_KEY = 7_231_554  # any number: one creator of roles and databases at a time, on one cluster
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class DatabaseUrls:
    """One database seen by the role that migrates it and by the role that uses it."""

    owner: str
    app: str


async def create_database(admin_url: str, service: str, name: str = "", template: str = "template0") -> DatabaseUrls:
    """The roles of a service and a database for it (called like the service unless named), made where missing.

    `admin_url` is a superuser's. A `template` other than the empty one gives a copy of that database.
    """
    name = name or service
    if not (NAME.fullmatch(service) and NAME.fullmatch(name) and NAME.fullmatch(template)):
        raise ValueError(f"not usable as database names: {service}, {name}, {template}")
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
        await _create_roles(admin, service, urlsplit(admin_url).password)
        if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await admin.execute(f"CREATE DATABASE {name} OWNER {service}_owner TEMPLATE {template}")
        await admin.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {service}")
    finally:
        await admin.close()
    await _grant(_with(admin_url, database=name), service)
    return DatabaseUrls(_with(admin_url, f"{service}_owner", name), _with(admin_url, service, name))


async def run_command(module: str, command: str, env: Mapping[str, str]) -> None:
    """Run a one-shot command of a service, as `migrate` or `seed`. Raises SetupError with what it printed."""
    child = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", module, command],
        env={**environ, **env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    if child.returncode:
        raise SetupError(f"{module} could not {command} its database:\n{output.decode(errors='replace')}")


async def _create_roles(admin: "asyncpg.Connection[asyncpg.Record]", service: str, password: str | None) -> None:
    """Where the superuser has a password, the roles get the same one: such a server trusts nobody without."""
    secret = f"PASSWORD {await admin.fetchval('SELECT quote_literal($1)', password)}" if password else ""
    for role in (f"{service}_owner", service):
        if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
            await admin.execute(f"CREATE ROLE {role} LOGIN {secret}")


async def _grant(url: str, service: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            f"""
            GRANT USAGE ON SCHEMA public TO {service};
            ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner
                GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO {service};
            ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner GRANT USAGE ON SEQUENCES TO {service};
            """
        )
    finally:
        await connection.close()


def _with(url: str, user: str = "", database: str = "") -> str:
    parts = urlsplit(url)
    credentials, _, address = parts.netloc.rpartition("@")
    _, colon, password = credentials.partition(":")
    netloc = f"{user}{colon}{password}@{address}" if user else parts.netloc
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))
