"""Migrated databases for tests: a template is migrated once per set of migrations, each test gets a copy."""

import asyncio
import hashlib
import tempfile
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

import asyncpg
from chassis.migrate import migrate
from flash_local.databases import DatabaseUrls, create_database

SERVICES = Path(__file__).parents[2] / "services"
TEMPLATE_LOCK_KEY = 7_231_555


async def fresh_database(admin_url: str, service: str) -> DatabaseUrls:
    """A database of its own for one test, as the service's `migrate` leaves it; `chassis` has its tables alone."""
    template = await _template(admin_url, service)
    return await create_database(admin_url, service, f"test_{service}_{token_hex(6)}", template)


async def drop_database(admin_url: str, urls: DatabaseUrls) -> None:
    """Remove it, whoever is still connected."""
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(f"DROP DATABASE {urlsplit(urls.app).path.lstrip('/')} WITH (FORCE)")
    finally:
        await admin.close()


async def add_column(urls: DatabaseUrls, *tables: str) -> None:
    """As a newer release's migration does it, under processes that run."""
    owner = await asyncpg.connect(urls.owner)
    try:
        for table in tables:
            await owner.execute(f"ALTER TABLE {table} ADD COLUMN from_the_future text")
    finally:
        await owner.close()


async def _template(admin_url: str, service: str) -> str:
    """The name of the migrated template, made by the first test that needs it; its last step is the rename."""
    name = f"template_{service}_{_digest(service)}"
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", TEMPLATE_LOCK_KEY)
        if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            unfinished = f"making_{name}"
            await admin.execute(f"DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")
            urls = await create_database(admin_url, service, unfinished)
            await asyncio.to_thread(_migrate, urls.owner, service)
            await admin.execute(f"ALTER DATABASE {unfinished} RENAME TO {name}")
    finally:
        await admin.close()
    return name


def _migrate(url: str, service: str) -> None:
    """The chassis' migrations always come first; a service called `chassis` has none of its own."""
    with tempfile.TemporaryDirectory() as none:
        own = Path(none) if service == "chassis" else SERVICES / service / "migrations"
        assert migrate(url, own) == 0, f"the migrations of {service} failed; what they printed is above"


def _digest(service: str) -> str:
    """Changes with any migration of the chassis or the service."""
    digest = hashlib.sha256()
    for owner in ("chassis", service):
        for file in sorted((SERVICES / owner / "migrations").glob("*.sql")):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]
