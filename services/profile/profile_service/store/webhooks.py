"""Step 4 of the write path: statements about senders who sign, their secrets, and what they delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.database import Transaction

VALID_SECRETS = """
SELECT secret FROM webhook_secret JOIN webhook_client ON name = client
WHERE client = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) ORDER BY secret_id DESC
"""
CLIENTS = """
SELECT name, webhook_client.created_at, revoked_at, count(secret_id) AS valid_secrets, max(expires_at) AS old_until
FROM webhook_client LEFT JOIN webhook_secret ON client = name AND (expires_at IS NULL OR expires_at > now())
GROUP BY name ORDER BY name
"""
EXPIRE = """
UPDATE webhook_secret SET expires_at = least(expires_at, now() + make_interval(hours => $2)) WHERE client = $1
"""
CLAIM = """
INSERT INTO webhook_delivery (client, delivery_id, fingerprint) VALUES ($1, $2, $3)
ON CONFLICT (client, delivery_id) DO UPDATE SET client = EXCLUDED.client RETURNING fingerprint, answer
"""
FORGET = """
DELETE FROM webhook_delivery WHERE ctid IN (
    SELECT ctid FROM webhook_delivery WHERE received_at < now() - make_interval(hours => $1) LIMIT 1000
)
"""


@dataclass(frozen=True, slots=True)
class WebhookClient:
    """A sender; `old_until` is when the secrets before the newest end."""

    name: str
    created_at: datetime
    revoked_at: datetime | None
    valid_secrets: int
    old_until: datetime | None


async def valid_secrets(transaction: Transaction, client: str) -> Sequence[str]:
    """The secrets with which a sender may sign now, newest first; none for one that is unknown or revoked."""
    return [row["secret"] for row in await transaction.fetch(VALID_SECRETS, client)]


async def webhook_clients(transaction: Transaction) -> list[WebhookClient]:
    """Every sender, by name."""
    return [WebhookClient(**row) for row in await transaction.fetch(CLIENTS)]


async def add_webhook_client(transaction: Transaction, name: str) -> bool:
    """A new sender; False when there is one of this name."""
    query = "INSERT INTO webhook_client (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING name"
    return await transaction.fetchval(query, name) is not None


async def lock_webhook_client(transaction: Transaction, name: str) -> bool:
    """Whether there is such a sender that is not revoked; locked until this transaction ends."""
    query = "SELECT name FROM webhook_client WHERE name = $1 AND revoked_at IS NULL FOR UPDATE"
    return await transaction.fetchval(query, name) is not None


async def add_secret(transaction: Transaction, client: str, secret: str) -> None:
    """One more secret that is valid until further notice."""
    await transaction.execute("INSERT INTO webhook_secret (client, secret) VALUES ($1, $2)", client, secret)


async def expire_secrets(transaction: Transaction, client: str, hours: int) -> None:
    """All secrets there are end after so many hours, those that end sooner do so."""
    await transaction.execute(EXPIRE, client, hours)


async def revoke_webhook_client(transaction: Transaction, name: str) -> None:
    """A sender may not sign any more; their secrets are forgotten."""
    await transaction.execute("UPDATE webhook_client SET revoked_at = now() WHERE name = $1", name)
    await transaction.execute("DELETE FROM webhook_secret WHERE client = $1", name)


async def claim_delivery(
    transaction: Transaction, client: str, delivery_id: str, fingerprint: bytes
) -> tuple[bytes, Any | None]:
    """The fingerprint that this delivery came with first, and what it was answered, if it was."""
    row = await transaction.fetchrow(CLAIM, client, delivery_id, fingerprint)
    assert row, "inserted or updated"
    return row["fingerprint"], row["answer"]


async def answer_delivery(transaction: Transaction, client: str, delivery_id: str, answer: Any) -> None:
    """What this delivery was answered."""
    query = "UPDATE webhook_delivery SET answer = $3 WHERE client = $1 AND delivery_id = $2"
    await transaction.execute(query, client, delivery_id, answer)


async def forget_deliveries(transaction: Transaction, keep_hours: int) -> None:
    """Drop a bounded number of deliveries older than this."""
    await transaction.execute(FORGET, keep_hours)
