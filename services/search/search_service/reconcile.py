"""The one-shot command that looks for what was lost on the way: topics against projection, projection against index.

It runs while everything works, because it asks for no more than what must be there: in the projection what stands
before its stored positions, in an index what is marked as indexed. Each repair is a transaction of its own and leads
through the usual way, so the command may be ended anywhere, and run twice at once.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis import logs
from chassis.comparison import (
    Checksums,
    bucket_of,
    checksums,
    chunks,
    differing_buckets,
    plainly,
    reconcile_versions,
)
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.reconciliation import Finding
from chassis.settings import Settings

from search_service import store
from search_service.consumers import consumers
from search_service.index import Index, Indexer

log = logs.get(__name__)

ATTEMPTS = 3
CHUNK_PEOPLE = 1_000
DOCUMENTED = "person"
"""The table whose rows are documents."""


class Reconciler:
    """Compares, and repairs unless told only to look."""

    def __init__(self, database: Database, settings: Settings, index: Index, indexer: Indexer) -> None:
        self._database = database
        self._settings = settings
        self._index = index
        self._indexer = indexer

    async def __call__(self, repair: bool) -> Sequence[Finding]:
        """What differed, and how much of it is repaired. Raises KafkaError, OpenSearchException."""
        findings = [await self._topic(consumer, repair=repair) for consumer in consumers()]
        findings.append(await self._parked(repair=repair))
        async with self._database.connection() as connection:
            names = await store.generations(connection)
        return findings + [await self._generation(name, state, repair=repair) for state, name in sorted(names.items())]

    async def _topic(self, consumer: Consumer, *, repair: bool) -> Finding:
        """The newest versions in a consumer's topic against the projection."""
        kept = store.KEPT[consumer.name]
        prepare = self._above_index if kept.table == DOCUMENTED else plainly
        return await reconcile_versions(
            self._database, self._settings, consumer, kept, consumer.name, repair=prepare if repair else None
        )

    async def _above_index(self, person_ids: Collection[UUID]) -> None:
        """Have lost people come back with document versions that no index refuses; hidden until then."""
        found = dict.fromkeys(person_ids, 0)
        async with self._database.connection() as connection:
            names = await store.generations(connection)
        for name in names.values():
            for some in chunks(sorted(person_ids), CHUNK_PEOPLE):
                known = await self._index.versions_of(name, some)
                found |= {person_id: max(version, found[person_id]) for person_id, version in known.items()}
        await self._index_above(found)

    async def _parked(self, *, repair: bool) -> Finding:
        """Documents that OpenSearch refused, tried once more."""
        async with self._database.connection() as connection:
            people, parked = await store.count_people(connection)
        if not parked or not repair:
            return Finding("parked documents", people, parked)
        async with self._database.transaction() as transaction:
            tried = await store.try_parked(transaction)
        remaining = await self._settle(tried)
        return Finding("parked documents", people, len(tried), len(tried) - len(remaining))

    async def _generation(self, name: str, state: str, *, repair: bool) -> Finding:
        """One index against the projection."""
        people, wrong = await self._compare(name)
        found = remaining = set(wrong)
        for _ in range(ATTEMPTS if repair else 0):
            if not remaining:
                break
            await self._index_above(wrong)
            unsettled = await self._settle(found)
            _, wrong = await self._compare(name)
            remaining = found & (unsettled | wrong.keys())
        return Finding(f"{state} index", people, len(found), len(found) - len(remaining))

    async def _compare(self, name: str) -> tuple[int, dict[UUID, int]]:
        """How many documents should be there; whose are missing, older, ahead or strange, and the version found.

        Each reading is newer than the one before: first what should be there, then the index, then what may be there.
        """
        async with self._database.connection() as connection:
            sums = await store.SETTLED.checksums(connection)
        people, buckets = sum(count for count, _ in sums.values()), differing_buckets(sums, await self._sums(name))
        if not buckets:
            return people, {}
        async with self._database.connection() as connection:
            expected = await store.SETTLED.within(connection, buckets)
        found = await self._found(name, buckets)
        async with self._database.connection() as connection:
            newest = await store.DOCUMENTS.within(connection, buckets)
        behind = {person_id: 0 for person_id, version in expected.items() if found.get(person_id, 0) < version}
        ahead = {person_id: version for person_id, version in found.items() if version > newest.get(person_id, 0)}
        log.info("index_compared", index=name, people=people, behind=len(behind), ahead=len(ahead))
        return people, behind | ahead

    async def _sums(self, name: str) -> Checksums:
        sums: Checksums = {}
        async for page in self._index.versions(name):
            checksums(page.items(), sums)
        return sums

    async def _found(self, name: str, buckets: set[int]) -> dict[UUID, int]:
        found: dict[UUID, int] = {}
        async for page in self._index.versions(name):
            found |= {person_id: version for person_id, version in page.items() if bucket_of(person_id) in buckets}
        return found

    async def _index_above(self, wrong: dict[UUID, int]) -> None:
        for chunk in chunks(sorted(wrong.items()), CHUNK_PEOPLE):
            async with self._database.transaction() as transaction:
                await store.index_above(transaction, dict(chunk))

    async def _settle(self, person_ids: set[UUID] | list[UUID]) -> set[UUID]:
        """Index what waits; which of these people are still not where they should be."""
        while await self._indexer.run():
            pass
        async with self._database.connection() as connection:
            return await store.unsettled(connection, person_ids)
