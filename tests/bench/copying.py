"""The floor of whatever fills tables: the rows that came of it, by a raw COPY into the same tables, empty ones."""

import io
from collections.abc import Sequence

import asyncpg

from tests.bench.measure import Spent, spent


async def copied(source_url: str, target_url: str, tables: Sequence[str]) -> Spent:
    """What writing took; reading the rows is not counted. Tables come in the order of their references."""
    source, target = await asyncpg.connect(source_url), await asyncpg.connect(target_url)
    rows: dict[str, bytes] = {}
    for table in tables:
        read = io.BytesIO()
        await source.copy_from_query(f"SELECT * FROM {table}", output=read, format="binary")
        rows[table] = read.getvalue()
    with spent() as floor:
        for table, content in rows.items():
            await target.copy_to_table(table, source=io.BytesIO(content), format="binary")
    await source.close()
    await target.close()
    return floor
