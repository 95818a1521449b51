"""The one-shot command that looks for what was lost on the way: topics against facts, facts against rollups.

What stands in the topics before the stored positions must be among the facts, whatever else is: topics forget, and
consumers go on meanwhile. Each repair is a transaction of its own and keeps facts as consuming does, rollups with
them, so the command may be ended anywhere. A second one waits for the first.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from chassis.comparison import Versions, chunks, differing_buckets, handle_again, plainly, positions, reconcile_versions
from chassis.consumer import Delivery
from chassis.database import Database
from chassis.reconciliation import Finding
from chassis.topic_reader import read_topics
from flash_schemas.profile import ProfileChangedV1, ProgramChangedV1

from analytics_service import expected, store
from analytics_service.consumers import consumers, facts_of, keep_facts, merged, places_of
from analytics_service.expected import FACTS, PLACES, Kept
from analytics_service.facts import Fact, Message, Search
from analytics_service.rollup import recompute
from analytics_service.settings import Settings

PROGRAMS = Versions("program", "program_id", "version")
BUCKETS_AT_ONCE = 16


class Reconciler:
    """Compares, and repairs unless told only to look."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        facts, directory = consumers()
        self._facts = facts
        self._programs = replace(directory, topics=(ProgramChangedV1.TOPIC,))
        self._people = replace(directory, topics=(ProfileChangedV1.TOPIC,))

    async def __call__(self, repair: bool) -> Sequence[Finding]:
        """What differed, and how much of it is repaired. Raises KafkaError."""
        async with expected.alone(self._database):
            await self._expect_facts()
            findings = [await self._kind(kind, repair=repair) for kind in FACTS]
            findings.append(await self._places(repair=repair))
        programs = await reconcile_versions(
            self._database, self._settings, self._programs, PROGRAMS, "programs", repair=plainly if repair else None
        )
        return [*findings, programs, await self._rollups(repair=repair)]

    async def _expect_facts(self) -> None:
        before = await positions(self._database, self._facts.name)
        async for items in read_topics(self._settings, self._facts.topics, before):
            facts = [fact for item in items if isinstance(item, Delivery) for fact in facts_of(item)]
            async with self._database.transaction() as transaction:
                for kind in FACTS:
                    await expected.expect(transaction, kind, merged(kind, facts))

    async def _kind(self, kind: type[Any], *, repair: bool) -> Finding:
        kept, name = FACTS[kind], FACTS[kind].table.replace("_", " ") + "s"
        compared, buckets, only_here = await self._compare(kept)
        wrong = remaining = await self._wrong(kind, buckets, repair=repair)
        if wrong and repair:
            remaining = await self._wrong(kind, buckets, repair=False)
        return Finding(name, compared, wrong, wrong - remaining, only_here)

    async def _compare(self, kept: Kept) -> tuple[int, set[int], int]:
        """How many are expected, the buckets that differ, and how many there nobody expects."""
        async with self._database.transaction() as transaction:
            told, known = await expected.checksums(transaction, kept)
            buckets = differing_buckets(told, known)
            only_here = await expected.only_here(transaction, kept, buckets) if buckets else 0
        return sum(count for count, _ in told.values()), buckets, only_here

    async def _wrong(self, kind: type[Any], buckets: Collection[int], *, repair: bool) -> int:
        """How many facts lack something that the topics tell; kept as if consumed now, when told to repair."""
        count = 0
        for some in chunks(sorted(buckets), BUCKETS_AT_ONCE):
            wrong = await self._lacking(kind, some)
            count += len(wrong)
            for chunk in chunks(wrong if repair else [], self._settings.recompute_chunk_facts):
                async with self._database.transaction() as transaction:
                    await keep_facts(transaction, chunk)
        return count

    async def _lacking(self, kind: type[Any], buckets: Collection[int]) -> list[Fact]:
        async with self._database.transaction() as transaction:
            rows = await expected.differing(transaction, FACTS[kind], buckets)
        pairs = [(store.fact_of(kind, told), store.fact_of(kind, known) if known else None) for told, known in rows]
        return [told for told, known in pairs if known is None or _adds(told, known)]

    async def _places(self, *, repair: bool) -> Finding:
        """Who stood in which department since when; a row is there or not."""
        before = await positions(self._database, self._people.name)
        async for items in read_topics(self._settings, self._people.topics, before):
            async with self._database.transaction() as transaction:
                await expected.expect_places(transaction, sorted(set(_places(items))))
        compared, buckets, only_here = await self._compare(PLACES)
        lost = remaining = await self._lost_places(buckets)
        if lost and repair:
            await handle_again(self._database, self._settings, self._people, before, lambda item: _key(item) in lost)
            remaining = await self._lost_places(buckets)
        return Finding("places", compared, len(lost), len(lost) - len(remaining), only_here)

    async def _lost_places(self, buckets: Collection[int]) -> set[tuple[UUID, int]]:
        async with self._database.transaction() as transaction:
            rows = await expected.differing(transaction, PLACES, buckets) if buckets else []
        return {(told["person_id"], told["version"]) for told, known in rows if known is None}

    async def _rollups(self, *, repair: bool) -> Finding:
        compared = await recompute(self._database, self._settings.recompute_chunk_facts, replace=repair)
        differing = sum(row.differing for row in compared)
        return Finding("rollups", sum(row.recomputed for row in compared), differing, differing if repair else 0)


def _adds(told: Any, known: Any) -> bool:
    """Whether the topics tell something of a known fact that is not in it. A fact of one event cannot be mended."""
    return bool(told != known if isinstance(known, (Message, Search)) else known.merge(told) != known)


def _key(delivery: Delivery) -> tuple[UUID, int]:
    return delivery.event.aggregate_id, delivery.envelope.aggregate_version


def _places(items: Sequence[Any]) -> Iterator[Any]:
    for item in items:
        if isinstance(item, Delivery) and isinstance(item.event, ProfileChangedV1):
            yield from places_of(item.event, item.envelope)
