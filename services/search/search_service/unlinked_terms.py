"""The read path of searched words that no skill is called, and the worker that forgets them again."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from chassis.database import Database
from chassis.http import Cursor

from search_service import store, unlinked_store
from search_service.answers import UnlinkedTerm, UnlinkedTermPage
from search_service.understand import understand
from search_service.unlinked import SMALLEST_SEARCHERS
from search_service.vocabulary import Vocabulary

FORGOTTEN_AT_ONCE = 5_000


async def unlinked_terms(database: Database, cursor: str | None, limit: int, keep_days: int) -> UnlinkedTermPage:
    """Terms that enough people searched in vain and that still mean no skill; a page may hold fewer than `limit`."""
    after = Cursor.decode(cursor, int, str)
    async with database.connection() as connection:
        rows = await unlinked_store.terms(connection, _forgotten(keep_days), SMALLEST_SEARCHERS, after, limit + 1)
        vocabulary = await store.vocabulary(connection)
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    return UnlinkedTermPage(
        items=_unlinked(shown, vocabulary),
        next_cursor=Cursor.encode(last["searchers"], last["term"]) if last else None,
    )


async def forget_some_terms(database: Database, keep_days: int) -> bool:
    """Drop what nobody searched for so long; True when there is more."""
    async with database.transaction() as transaction:
        forgotten = await unlinked_store.forget_terms(transaction, _forgotten(keep_days), FORGOTTEN_AT_ONCE)
    return forgotten == FORGOTTEN_AT_ONCE


def _unlinked(rows: Sequence[Any], vocabulary: Vocabulary) -> list[UnlinkedTerm]:
    """Without those that an editor has given to a skill meanwhile."""
    return [UnlinkedTerm(**row) for row in rows if not understand(row["term"], vocabulary).skills]


def _forgotten(keep_days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=keep_days)
