"""Step 2 of the write path: senders who sign, what they deliver, and the secrets they sign with."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from secrets import token_bytes

from chassis.database import Database
from chassis.problems import Conflict, NotFound, Refused

from profile_service import store
from profile_service.answers import PushAnswer
from profile_service.commands.hr import Parsed, push_org_events

SECRET_BYTES = 32
KEEP_DELIVERIES_HOURS = 24


async def push_delivery(
    database: Database, client: str, delivery_id: str, body: bytes, parsed: Sequence[Parsed], chunk_events: int
) -> PushAnswer:
    """Apply what a sender delivered, or give the answer that the same delivery got before. Raises Refused.

    One that was cut off is applied again: its events are known by their ids.
    """
    fingerprint = hashlib.sha256(body).digest()
    async with database.transaction() as transaction:
        await store.forget_deliveries(transaction, KEEP_DELIVERIES_HOURS)
        first, answer = await store.claim_delivery(transaction, client, delivery_id, fingerprint)
    if first != fingerprint:
        raise Refused("This id was used for another delivery; take a new one.", field="webhook-id")
    if answer is not None:
        return PushAnswer.model_validate(answer)
    pushed = PushAnswer.of(await push_org_events(database, parsed, chunk_events))
    async with database.transaction() as transaction:
        await store.answer_delivery(transaction, client, delivery_id, pushed.model_dump(mode="json"))
    return pushed


async def add_webhook_client(database: Database, name: str) -> str:
    """A new sender's first secret. Raises Conflict."""
    secret = _secret()
    async with database.transaction() as transaction:
        if not await store.add_webhook_client(transaction, name):
            raise Conflict("There is a sender of this name, or was one.")
        await store.add_secret(transaction, name, secret)
    return secret


async def rotate_secret(database: Database, name: str, old_valid_hours: int) -> str:
    """A sender's new secret; those before it end after so many hours. Raises NotFound."""
    secret = _secret()
    async with database.transaction() as transaction:
        if not await store.lock_webhook_client(transaction, name):
            raise NotFound
        await store.expire_secrets(transaction, name, old_valid_hours)
        await store.add_secret(transaction, name, secret)
    return secret


async def revoke_webhook_client(database: Database, name: str) -> None:
    """A sender signs no more, at once and for ever. Raises NotFound."""
    async with database.transaction() as transaction:
        if not await store.lock_webhook_client(transaction, name):
            raise NotFound
        await store.revoke_webhook_client(transaction, name)


def _secret() -> str:
    return f"whsec_{b64encode(token_bytes(SECRET_BYTES)).decode()}"
