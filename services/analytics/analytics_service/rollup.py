"""Step 7 of the data's way: a batch of facts becomes one sorted change of the rollups; `recompute` checks the sum.

What a changed fact stood for before is taken off and what it stands for now is added, so rollups are at any moment
the sum of `entries()` over all facts.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Database, Transaction

from analytics_service import store
from analytics_service.facts import Fact
from analytics_service.store import Compared

Key = tuple[UUID, str, date, Any]


@dataclass
class Changes:
    """Sums by (program, measure, day, value) and by (program, measure, day, person)."""

    counts: Counter[Key] = field(default_factory=Counter)
    people: Counter[Key] = field(default_factory=Counter)

    def add(self, fact: Fact, sign: int = 1) -> None:
        """Count what the fact stands for; -1 takes it off."""
        for program_id, measure, day, people, value in fact.entries():
            self.counts[program_id, measure, day, value] += sign
            for person_id in people:
                self.people[program_id, measure, day, person_id] += sign

    def replace(self, changed: Iterable[tuple[Fact | None, Fact]]) -> None:
        """Take off what was known before of each fact and count what is known now."""
        for before, after in changed:
            if before != after:
                if before:
                    self.add(before, -1)
                self.add(after)

    async def apply(self, transaction: Transaction) -> None:
        """Add these sums to the rollups, in key order, so that two batches cannot wait for each other."""
        await store.add_counts(transaction, _sorted(self.counts))
        await store.add_people(transaction, _sorted(self.people))


async def recompute(database: Database, chunk_facts: int, *, replace: bool = True) -> list[Compared]:
    """Compute all rollups again from the facts and, unless told otherwise, put the result in their place if it differs.

    One program after the other: consumers wait no longer than one takes, and go on between two. Reports always go on.
    Returns the comparison, one row per rollup and measure.
    """
    async with database.transaction() as transaction:
        programs = await store.counted_programs(transaction)
    sums: dict[tuple[str, str], Compared] = {}
    for program_id in programs:
        for row in await _recompute(database, program_id, chunk_facts, replace=replace):
            key = row.rollup, row.measure
            sums[key] = sums[key] + row if key in sums else row
    return [sums[key] for key in sorted(sums)]


async def _recompute(database: Database, program_id: UUID, chunk_facts: int, *, replace: bool) -> list[Compared]:
    async with database.transaction() as transaction:
        await store.stop_rolling_up(transaction)
        fresh = Changes()
        async for fact in store.all_facts(transaction, program_id, chunk_facts):
            fresh.add(fact)
        await store.keep_fresh(transaction, _sorted(fresh.counts), _sorted(fresh.people))
        compared = await store.compare(transaction, program_id)
        if replace and any(row.differing for row in compared):
            await store.take_fresh(transaction, program_id)
        return compared


def _sorted(sums: Counter[Key]) -> list[tuple[UUID, str, date, Any, int]]:
    return sorted((*key, amount) for key, amount in sums.items() if amount)
