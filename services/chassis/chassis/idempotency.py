"""A repeated POST takes effect once: the key, a fingerprint of the request and the answer, stored with the effect.

Follows the Idempotency-Key header draft of the IETF (draft-ietf-httpapi-idempotency-key-header). Because all is one
transaction, a crash leaves either everything or nothing, and a second request waits for the first.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from chassis.auth import Caller
from chassis.database import Transaction
from chassis.problems import Conflict, Refused

AnswerT = TypeVar("AnswerT", bound=BaseModel)

CLAIM = """
INSERT INTO idempotency_key (caller, key, fingerprint) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING key
"""
RECALL = "SELECT fingerprint, answer FROM idempotency_key WHERE caller = $1 AND key = $2"
REMEMBER = "UPDATE idempotency_key SET answer = $3 WHERE caller = $1 AND key = $2"
FORGET = """
DELETE FROM idempotency_key WHERE ctid IN (
    SELECT ctid FROM idempotency_key WHERE created_at < now() - make_interval(hours => $1) LIMIT 5000
) RETURNING 1
"""
FORGET_PERSON = "DELETE FROM idempotency_key WHERE strpos(answer::text, $1) > 0"


async def once(
    transaction: Transaction,
    caller: Caller,
    key: str | None,
    request: BaseModel,
    answer_type: type[AnswerT],
    run: Callable[[], Awaitable[AnswerT]],
) -> AnswerT:
    """Run the command, or give the answer that the same request got before. Without a key, just run it.

    Raises Refused when the key came with another request, Conflict when the first is still running.
    """
    if key is None:
        return await run()
    fingerprint = hashlib.sha256(f"{type(request).__qualname__}{request.model_dump_json()}".encode()).digest()
    if not await _claim(transaction, caller, key, fingerprint):
        return answer_type.model_validate(await _recall(transaction, caller, key, fingerprint))
    answer = await run()
    await transaction.execute(REMEMBER, caller.subject, key, answer.model_dump(mode="json"))
    return answer


async def forget_expired(transaction: Transaction, keep_hours: int) -> bool:
    """Drop a bounded number of keys older than `keep_hours`; True when there may be more."""
    return len(await transaction.fetch(FORGET, keep_hours)) == 5000


async def forget_person(transaction: Transaction, person_id: UUID) -> int:
    """Drop every remembered answer that tells of a person; how many. Repeating those requests takes effect anew."""
    return int((await transaction.execute(FORGET_PERSON, str(person_id))).split()[-1])


async def _claim(transaction: Transaction, caller: Caller, key: str, fingerprint: bytes) -> bool:
    try:
        return await transaction.fetchval(CLAIM, caller.subject, key, fingerprint) is not None
    except asyncpg.LockNotAvailableError:
        raise Conflict("The first request with this key is still running.", field="Idempotency-Key") from None


async def _recall(transaction: Transaction, caller: Caller, key: str, fingerprint: bytes) -> object:
    row = await transaction.fetchrow(RECALL, caller.subject, key)
    if row is None or row["fingerprint"] != fingerprint:
        raise Refused("This key was used for another request; take a new one.", field="Idempotency-Key")
    return row["answer"]
