"""Statements about requests that are not yet sent. Step 4 of the write path."""

from dataclasses import astuple
from uuid import UUID

from chassis.database import Transaction

from session_service.model import Draft

COLUMNS = "draft_id, learner_id, version, card, changed_at"
ADD_DRAFT = f"INSERT INTO draft ({COLUMNS}) VALUES ($1, $2, $3, $4, $5)"  # noqa: S608 - columns of ours
CHANGE_DRAFT = "UPDATE draft SET version = $3, card = $4, changed_at = $5 WHERE draft_id = $1 AND learner_id = $2"
LIST_DRAFTS = f"SELECT {COLUMNS} FROM draft WHERE learner_id = $1 ORDER BY changed_at DESC, draft_id"  # noqa: S608 - columns of ours
LOCK_DRAFT = f"SELECT {COLUMNS} FROM draft WHERE draft_id = $1 AND learner_id = $2 FOR UPDATE"  # noqa: S608 - columns of ours


async def add_draft(transaction: Transaction, draft: Draft) -> None:
    """Keep a new draft."""
    await transaction.execute(ADD_DRAFT, *astuple(draft))


async def change_draft(transaction: Transaction, draft: Draft) -> None:
    """Replace a draft that the caller has locked."""
    await transaction.execute(CHANGE_DRAFT, *astuple(draft))


async def lock_draft(transaction: Transaction, learner_id: UUID, draft_id: UUID) -> Draft | None:
    """A draft of a learner's, locked until this transaction ends."""
    row = await transaction.fetchrow(LOCK_DRAFT, draft_id, learner_id)
    return Draft(**row) if row else None


async def drafts_of(transaction: Transaction, learner_id: UUID) -> list[Draft]:
    """A learner's drafts, newest first."""
    return [Draft(**row) for row in await transaction.fetch(LIST_DRAFTS, learner_id)]


async def delete_draft(transaction: Transaction, learner_id: UUID, draft_id: UUID) -> bool:
    """Forget a draft; False when there is none."""
    query = "DELETE FROM draft WHERE draft_id = $1 AND learner_id = $2 RETURNING true"
    return bool(await transaction.fetchval(query, draft_id, learner_id))
