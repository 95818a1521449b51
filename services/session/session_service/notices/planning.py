"""The background half of telling: where else a notice goes and when, as its person chose."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Database, Transaction

from session_service import store
from session_service.notices.kinds import KINDS
from session_service.notices.post import Post
from session_service.notices.preferences import CHANNELS, Preferences, due_at
from session_service.store import Contact, deliveries
from session_service.store.notices import KeptNotice

ANY_UNPLANNED = "SELECT EXISTS (SELECT FROM notice WHERE planned_at IS NULL AND kind = ANY ($1))"


async def plan_some(database: Database, post: Post, limit: int) -> bool:
    """Decide on the next notices; True when there may be more."""
    async with database.connection() as connection:  # without a transaction, whose commit would wake this for ever
        if not await connection.fetchval(ANY_UNPLANNED, list(KINDS)):
            return False
    async with database.transaction() as transaction:
        fresh = await deliveries.unplanned(transaction, limit)
        people = {notice.person_id for notice in fresh}
        contacts = await store.contacts(transaction, people)
        chosen = await deliveries.preferences(transaction, people)
        for notice in sorted(fresh, key=_in_one_order):
            await _plan(transaction, post, notice, contacts, chosen)
        await deliveries.mark_planned(transaction, [notice.notice_id for notice in fresh])
    return len(fresh) == limit


def _in_one_order(notice: KeptNotice) -> tuple[UUID, datetime]:
    """Digests are locked by person, for everybody in the same order."""
    return notice.person_id, notice.made_at


async def _plan(
    transaction: Transaction,
    post: Post,
    notice: KeptNotice,
    contacts: Mapping[UUID, Contact],
    chosen: Mapping[UUID, Preferences],
) -> None:
    kind, contact, preferences = KINDS[notice.kind], contacts[notice.person_id], chosen[notice.person_id]
    zone = post.reader(contact, preferences).zone
    for channel in CHANNELS:
        mode = preferences.mode(kind, channel)
        if mode == "off" or post.address(channel, contact, preferences) is None:
            continue
        due = due_at(mode, preferences, zone, datetime.now(UTC))
        await deliveries.add(transaction, notice, channel, due, digest=mode == "digest")
