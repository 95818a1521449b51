"""The one-shot command that builds a new index beside the live one and swaps them, with nobody noticing.

Every step may be interrupted and the command run again: it takes up an unfinished index where it stands. The former
index stays fed, so that `rollback` can show it again.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import UUID

from chassis import logs
from chassis.database import Database, Transaction

from search_service import rebuild_store, store
from search_service.index import Index, Indexer

log = logs.get(__name__)

PAGE = 5_000
ATTEMPTS = 5
PAUSE_S = 2
"""How long OpenSearch is left alone when it takes nothing."""
FIRST = UUID(int=0)

Found = dict[UUID, int]
"""Whose documents have which version."""
Wanted = Callable[[Transaction, UUID, int], Awaitable[Found]]
"""Reads a page of versions from the projection: after whom, and how many."""


class NotEqual(Exception):
    """The new index does not become equal to the projection, or was taken away meanwhile."""


class NoFormer(Exception):
    """There is no index that was shown before."""


async def rebuild(database: Database, index: Index, indexer: Indexer) -> int:
    """Build, compare, swap; how many people the new index holds. Raises NotEqual, OpenSearchException."""
    building = await _begin(database, index)
    for attempt in range(1, ATTEMPTS + 1):
        await _send_all(database, indexer)
        await _see_that_nobody_is_lost(database, index, building)
        await index.refresh(building)
        people, different = await _compare(database, index, building)
        log.info("index_compared", index=building, people=people, different=len(different), attempt=attempt)
        if not different:
            await _swap(database, index, building)
            return people
        async with database.transaction() as transaction:
            await store.index_again(transaction, different)
    raise NotEqual(f"{building} still differs after {ATTEMPTS} attempts; the live index is untouched")


async def rollback(database: Database, index: Index) -> str:
    """Show the former index again; its name. Raises NoFormer when there is none."""
    async with database.transaction() as transaction:
        names = await store.lock_generations(transaction)
        if "previous" not in names:
            raise NoFormer("there is no former index to go back to")
        await index.show(names["previous"])
        swapped = {**names, "live": names["previous"], "previous": names["live"]}
        await store.set_generations(transaction, swapped)
    log.info("index_shown", index=swapped["live"])
    return swapped["live"]


async def _begin(database: Database, index: Index) -> str:
    """The index being built: an unfinished one, or a new one that everybody will be sent to."""
    async with database.transaction() as transaction:
        known = await store.lock_generations(transaction)
        # One that somebody deleted by hand would refuse everything for ever.
        names = {state: name for state, name in known.items() if await index.exists(name)}
        if building := names.get("building"):
            await store.set_generations(transaction, names)
            return building
        building = f"{index.alias}-{await store.next_index_number(transaction)}"
        await index.create(building)
        await store.set_generations(transaction, {**names, "building": building})
        await store.index_all_again(transaction)
    log.info("index_begun", index=building)
    return building


async def _send_all(database: Database, indexer: Indexer) -> None:
    """Send everybody who waits. Raises NotEqual when OpenSearch takes nobody several times in a row."""
    unsent, attempts = math.inf, 0
    while attempts < ATTEMPTS:
        while await indexer.run():
            pass
        async with database.connection() as connection:
            before, unsent = unsent, await rebuild_store.unsent(connection)
        if not unsent:
            return
        attempts = 1 if unsent < before else attempts + 1
        log.warning("index_not_complete", unsent=unsent, attempt=attempts)
        await asyncio.sleep(PAUSE_S)
    raise NotEqual(f"{unsent} people could not be sent, as OpenSearch did not take them; the live index is untouched")


async def _see_that_nobody_is_lost(database: Database, index: Index, building: str) -> None:
    """Raises NotEqual, the new index given up, if it refuses documents that the live one has: its mapping is wrong."""
    async with database.connection() as connection:
        live = (await store.generations(connection)).get("live", building)
    lost = 0
    async for wanted, (shown, new) in _pages(database, index, (live, building), rebuild_store.refused):
        lost += sum(shown.get(who, -1) >= version > new.get(who, -1) for who, version in wanted.items())
    if lost:
        await _give_up(database, index, building)
        raise NotEqual(f"{building} refuses {lost} people whom the live index shows: given up; {live} is untouched")


async def _give_up(database: Database, index: Index, building: str) -> None:
    """Forget the new index. Whoever was refused is not set aside for it, nor by a batch that is on its way to it."""
    async with database.transaction() as transaction:
        names = await store.lock_generations(transaction)
        if names.get("building") != building:
            return  # another run has come to an end with it
        kept = {state: name for state, name in names.items() if name != building}
        await store.set_generations(transaction, kept)
        await store.index_all_again(transaction)
    await index.drop(building)
    log.error("index_given_up", index=building)


async def _compare(database: Database, index: Index, name: str) -> tuple[int, set[UUID]]:
    """How many people were compared, and who is missing or of another version in the index."""
    compared, different = 0, set[UUID]()
    async for wanted, (found,) in _pages(database, index, (name,), rebuild_store.settled):
        # A newer version was indexed between the two readings.
        different |= {person_id for person_id, version in wanted.items() if found.get(person_id, -1) < version}
        compared += len(wanted)
    return compared, different


async def _pages(
    database: Database, index: Index, names: Sequence[str], wanted: Wanted
) -> AsyncIterator[tuple[Found, list[Found]]]:
    """Versions in the projection and, read after them, those in each of these indexes, page by page."""
    after = FIRST
    while True:
        async with database.connection() as connection:
            page = await wanted(connection, after, PAGE)
        if not page:
            return
        yield page, [await index.versions_of(name, list(page)) for name in names]
        after = max(page)


async def _swap(database: Database, index: Index, building: str) -> None:
    """Show the new index, unless another run of this command has done so."""
    async with database.transaction() as transaction:
        names = await store.lock_generations(transaction)
        if names.get("live") == building:
            return
        if names.get("building") != building:
            raise NotEqual(f"{building} is not the one being built any more: another command was run meanwhile")
        await index.show(building)
        kept = {"live": building} | ({"previous": names["live"]} if "live" in names else {})
        await store.set_generations(transaction, kept)
    if "previous" in names:
        await index.drop(names["previous"])
    log.info("index_shown", index=building)
