"""Databases and roles: one database a service, an owner for migrations, a role without rights to change tables.

The runner, the tests and an operator's first installation all go through `ensure_database`.
"""

import asyncpg

from flash_local.engines import postgres

SERVICES = ("profile", "search", "session", "analytics")


async def ensure_database(superuser_url: str, database: str, service: str) -> None:
    """Create a service's two roles and a database of this name, unless they are there.

    `database` differs from `service` in tests, which make many. Names are ours, never input.
    """
    connection = await asyncpg.connect(superuser_url)
    try:
        for role in (owner_of(service), service):
            await _ensure_role(connection, role)
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await connection.execute(f'CREATE DATABASE "{database}" OWNER {owner_of(service)}')
    finally:
        await connection.close()
    await _grant(superuser_url, database, service)


def owner_of(service: str) -> str:
    """The role that owns a service's tables and runs its migrations."""
    return f"{service}_owner"


def database_url(superuser_url: str, database: str, role: str) -> str:
    """The superuser's address with another database and role."""
    server = superuser_url.rsplit("@", 1)[-1].split("/")[0]
    return f"postgresql://{role}@{server}/{database}"


async def _ensure_role(connection: "asyncpg.Connection[asyncpg.Record]", role: str) -> None:
    try:
        await connection.execute(f"CREATE ROLE {role} LOGIN")
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        return  # there already, perhaps since a moment ago


async def _grant(superuser_url: str, database: str, service: str) -> None:
    """What the owner will create, the service may use but not change."""
    connection = await asyncpg.connect(database_url(superuser_url, database, postgres.SUPERUSER))
    try:
        await connection.execute(f"""
            REVOKE ALL ON DATABASE "{database}" FROM PUBLIC;
            GRANT CONNECT ON DATABASE "{database}" TO {service};
            GRANT ALL ON SCHEMA public TO {owner_of(service)};
            GRANT USAGE ON SCHEMA public TO {service};
            ALTER DEFAULT PRIVILEGES FOR ROLE {owner_of(service)} IN SCHEMA public
                GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO {service};
            ALTER DEFAULT PRIVILEGES FOR ROLE {owner_of(service)} IN SCHEMA public
                GRANT USAGE, SELECT ON SEQUENCES TO {service};
        """)
    finally:
        await connection.close()
