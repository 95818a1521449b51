"""Step 2 of the write path: what people say about notices to them."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Database
from chassis.erasing import is_erased
from chassis.problems import NotFound, PreconditionFailed, Refused

from session_service import model, store
from session_service.commands.steps import check_not_erased
from session_service.notices.channels.chat import is_allowed
from session_service.notices.links import Unsubscription
from session_service.notices.post import Post
from session_service.notices.preferences import Preferences, may_be_off
from session_service.requests.notices import PreferencesBody, ReadBody
from session_service.store import deliveries, notices


async def read_notices(database: Database, person_id: UUID, body: ReadBody) -> None:
    """Somebody has read some of their notices, or all; those of others are passed over."""
    async with database.transaction() as transaction:
        await notices.see(transaction, person_id, body.notice_ids)


async def set_preferences(
    database: Database, post: Post, person_id: UUID, body: PreferencesBody, expected_version: int
) -> int:
    """Keep what somebody chose; its version. Raises PreconditionFailed, Refused, NotFound."""
    _check_webhook("slack_webhook", body.slack_webhook, post.chats.hosts["slack"])
    _check_webhook("teams_webhook", body.teams_webhook, post.chats.hosts["teams"])
    async with database.transaction() as transaction:
        await store.lock_members(transaction, person_id)
        await check_not_erased(transaction, person_id)
        version, _ = await deliveries.own_preferences(transaction, person_id, lock=True)
        model.check_version(version, expected_version)
        if not await deliveries.save_preferences(transaction, person_id, version + 1, body.preferences):
            raise PreconditionFailed
    return version + 1


async def unsubscribe(database: Database, what: Unsubscription) -> None:
    """No more mail of these kinds, however often it is said. Raises NotFound for kinds that others wait for."""
    if not may_be_off(what.kinds):
        raise NotFound
    async with database.transaction() as transaction:
        await store.lock_members(transaction, what.person_id)
        if await is_erased(transaction, what.person_id):
            return
        version, chosen = await deliveries.own_preferences(transaction, what.person_id, lock=True)
        wanted: Preferences = chosen.without(what.kinds)
        if wanted != chosen and not await deliveries.save_preferences(transaction, what.person_id, version + 1, wanted):
            raise PreconditionFailed


def _check_webhook(field: str, url: str | None, hosts: Sequence[str]) -> None:
    if url is not None and not is_allowed(url, hosts):
        raise Refused(f"An https address at {' or '.join(hosts)} is needed.", field=field)
