"""Statements about searched words that no skill is called: who searched what is a hash, and a day."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from chassis.database import Transaction

KEEP_TERM = """
INSERT INTO unlinked_term (term, searcher, seen_on)
SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM person WHERE name_words && $4)
ON CONFLICT (term, searcher) DO UPDATE SET seen_on = EXCLUDED.seen_on WHERE unlinked_term.seen_on < EXCLUDED.seen_on
"""
# Also not what has become the name of somebody who came later.
TERMS = """
SELECT term, searchers, last_seen_on FROM (
    SELECT term, count(*) AS searchers, max(seen_on) AS last_seen_on FROM unlinked_term
    WHERE seen_on > $1 GROUP BY term HAVING count(*) >= $2
) AS often
WHERE ($3::bigint IS NULL OR searchers < $3 OR (searchers = $3 AND term > $4))
    AND NOT EXISTS (SELECT FROM person WHERE name_words && string_to_array(often.term, ' '))
ORDER BY searchers DESC, term LIMIT $5
"""
FORGET = """
DELETE FROM unlinked_term WHERE (term, searcher) IN (
    SELECT term, searcher FROM unlinked_term WHERE seen_on <= $1 LIMIT $2
)
"""


async def keep_term(
    transaction: Transaction, term: str, searcher: bytes, today: date, asked_words: Collection[str]
) -> None:
    """Somebody searched a term today, unless one of the words is in the name of anybody known."""
    await transaction.execute(KEEP_TERM, term, searcher, today, list(asked_words))


async def terms(
    transaction: Transaction, after_day: date, smallest: int, after: Sequence[Any] | None, limit: int
) -> Sequence[Any]:
    """Rows of term, searchers, last_seen_on of at least `smallest` searchers after a day, most searched first.

    `after` are searchers and term of the last one before.
    """
    searchers, term = after or (None, None)
    return await transaction.fetch(TERMS, after_day, smallest, searchers, term, limit)


async def forget_terms(transaction: Transaction, until: date, limit: int) -> int:
    """Drop a bounded number of rows of this day and before; how many were dropped."""
    status: str = await transaction.execute(FORGET, until, limit)
    return int(status.split()[1])
