"""Looking for a word that nothing may hold any more: in every table, whatever its columns, and in every document."""

from collections.abc import Mapping

import asyncpg
from opensearchpy import AsyncOpenSearch

TABLES = """
SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r'
"""
PAGE = 2_000


async def in_databases(urls: Mapping[str, str], word: str) -> set[str]:
    """The tables, as `service.table`, with a row that holds the word as text, in JSON, or as bytes."""
    return {f"{service}.{table}" for service, url in urls.items() for table in await _tables_with(url, word)}


async def _tables_with(url: str, word: str) -> list[str]:
    connection = await asyncpg.connect(url, timeout=5, command_timeout=60)
    try:
        return [table for (table,) in await connection.fetch(TABLES) if await _holds(connection, table, word)]
    finally:
        await connection.close()


async def _holds(connection: "asyncpg.Connection[asyncpg.Record]", table: str, word: str) -> bool:
    query = f"SELECT EXISTS (SELECT FROM {table} AS t WHERE strpos(t::text, $1) + strpos(t::text, $2) > 0)"
    return bool(await connection.fetchval(query, word, word.encode().hex()))


async def in_indexes(client: AsyncOpenSearch, pattern: str, word: str) -> set[str]:
    """The indexes with a document that holds the word."""
    await client.indices.refresh(index=pattern)
    body: dict[str, object] = {"size": PAGE, "sort": [{"person_id": "asc"}]}
    found: set[str] = set()
    while hits := (await client.search(index=pattern, body=body))["hits"]["hits"]:
        found |= {hit["_index"] for hit in hits if word in str(hit["_source"])}
        body["search_after"] = hits[-1]["sort"]
    return found
