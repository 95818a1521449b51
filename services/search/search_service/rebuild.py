"""The one-shot command that builds a new index beside the live one and swaps them, with nobody noticing.

Every step may be interrupted and the command run again: it takes up an unfinished index where it stands. The former
index stays fed, so that `rollback` can show it again.
"""

from uuid import UUID

from chassis import logs
from chassis.database import Database

from search_service import store
from search_service.index import Index, Indexer

log = logs.get(__name__)

PAGE = 5_000
ATTEMPTS = 5
FIRST = UUID(int=0)


class NotEqual(Exception):
    """The new index does not become equal to the projection."""


async def rebuild(database: Database, index: Index, indexer: Indexer) -> int:
    """Build, compare, swap; how many people the new index holds. Raises NotEqual, OpenSearchException."""
    building = await _begin(database, index)
    for attempt in range(1, ATTEMPTS + 1):
        while await indexer.run():
            pass
        await index.refresh(building)
        people, different = await _compare(database, index, building)
        log.info("index_compared", index=building, people=people, different=len(different), attempt=attempt)
        if not different:
            await _swap(database, index, building)
            return people
        async with database.transaction() as transaction:
            await store.index_again(transaction, different)
    raise NotEqual(f"{building} still differs after {ATTEMPTS} attempts; the live index is untouched")


async def rollback(database: Database, index: Index) -> None:
    """Show the former index again. Raises LookupError when there is none."""
    async with database.transaction() as transaction:
        names = await store.lock_generations(transaction)
        if "previous" not in names:
            raise LookupError("there is no former index to go back to")
        await index.show(names["previous"])
        swapped = {**names, "live": names["previous"], "previous": names["live"]}
        await store.set_generations(transaction, swapped)
    log.info("index_shown", index=swapped["live"])


async def _begin(database: Database, index: Index) -> str:
    """The index being built: an unfinished one, or a new one that everybody will be sent to."""
    async with database.transaction() as transaction:
        names = await store.lock_generations(transaction)
        if building := names.get("building"):
            await index.create(building)
            return building
        building = f"{index.alias}-{await store.next_index_number(transaction)}"
        await index.create(building)
        await store.set_generations(transaction, {**names, "building": building})
        await store.index_all_again(transaction)
    log.info("index_begun", index=building)
    return building


async def _compare(database: Database, index: Index, name: str) -> tuple[int, set[UUID]]:
    """How many people were compared, and who is missing or of another version in the index."""
    compared, different, after = 0, set[UUID](), FIRST
    while True:
        async with database.connection() as connection:
            expected = await store.versions(connection, after, PAGE)
        if not expected:
            return compared, different
        found = await index.versions_of(name, list(expected))
        # A newer version was indexed between the two readings.
        different |= {person_id for person_id, version in expected.items() if found.get(person_id, -1) < version}
        compared, after = compared + len(expected), max(expected)


async def _swap(database: Database, index: Index, building: str) -> None:
    async with database.transaction() as transaction:
        names = await store.lock_generations(transaction)
        await index.show(building)
        kept = {"live": building} | ({"previous": names["live"]} if "live" in names else {})
        await store.set_generations(transaction, kept)
    if "previous" in names:
        await index.drop(names["previous"])
    log.info("index_shown", index=building)
