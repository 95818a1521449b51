"""Step 2 of the write path: a chunk of another vocabulary's entries, in one transaction."""

from collections.abc import Sequence

from chassis import outbox
from chassis.database import Database, Transaction

from profile_service import store
from profile_service.model import Entry, Import, Known, Result, normalised


async def import_entries(database: Database, source: str, entries: Sequence[Entry]) -> list[Result]:
    """Take these entries in; what became of each."""
    async with database.transaction() as transaction:
        await store.lock_vocabulary(transaction)
        taking = Import(await _known(transaction, source, entries))
        results = [taking.apply(entry) for entry in entries]
        for change in taking.audited():
            await store.add_audit(transaction, change)
        await store.save_skills(transaction, list(taking.changes.skills.values()))
        await store.save_sources(transaction, source, taking.changes.said.values())
        await outbox.append(transaction, taking.outgoing())
    return results


async def try_entries(database: Database, source: str, entries: Sequence[Entry], before: Known) -> list[Result]:
    """What would become of these entries after those `before`, which are kept there and nowhere else."""
    async with database.connection() as connection:
        taking = Import((await _known(connection, source, entries)).overlaid(before))
    results = [taking.apply(entry) for entry in entries]
    before.take(taking.changes)
    return results


async def _known(transaction: Transaction, source: str, entries: Sequence[Entry]) -> Known:
    said = [name for entry in entries for name in (*entry.names(), entry.broader or entry.label)]
    ids = {entry.source_id for entry in entries}
    return await store.known_to_source(transaction, source, ids, {normalised(name) for name in said})
