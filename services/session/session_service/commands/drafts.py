"""Step 2 of the write path: requests that are not yet sent."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis.database import Database
from chassis.problems import Conflict, NotFound

from session_service import model, store
from session_service.commands.steps import check_not_erased
from session_service.model import Draft
from session_service.requests import DraftBody

DRAFTS_OF_A_LEARNER = 20


async def add_draft(database: Database, by: UUID, body: DraftBody) -> Draft:
    """Keep a new draft. Raises NotFound, Conflict."""
    async with database.transaction() as transaction:
        await store.lock_members(transaction, by)
        await check_not_erased(transaction, by)
        if len(await store.drafts_of(transaction, by)) >= DRAFTS_OF_A_LEARNER:
            raise Conflict(f"You have {DRAFTS_OF_A_LEARNER} drafts: send or delete one first.")
        draft = Draft(uuid4(), by, 1, body.model_dump(mode="json"), datetime.now(UTC))
        await store.add_draft(transaction, draft)
        return draft


async def change_draft(database: Database, by: UUID, draft_id: UUID, body: DraftBody, expected_version: int) -> Draft:
    """Replace what a draft says. Raises NotFound, PreconditionFailed."""
    async with database.transaction() as transaction:
        draft = await store.lock_draft(transaction, by, draft_id)
        if draft is None:
            raise NotFound
        model.check_version(draft.version, expected_version)
        changed = Draft(draft_id, by, draft.version + 1, body.model_dump(mode="json"), datetime.now(UTC))
        await store.change_draft(transaction, changed)
        return changed


async def delete_draft(database: Database, by: UUID, draft_id: UUID) -> None:
    """Forget a draft. Raises NotFound."""
    async with database.transaction() as transaction:
        if not await store.delete_draft(transaction, by, draft_id):
            raise NotFound
