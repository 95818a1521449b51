"""A sender who signs what they push, as Standard Webhooks has it."""

from datetime import UTC, datetime
from uuid import uuid4

from standardwebhooks import Webhook


def signed(secret: str, body: bytes, at: datetime | None = None, delivery_id: str | None = None) -> dict[str, str]:
    """The headers of Standard Webhooks over this body."""
    delivery_id, at = delivery_id or str(uuid4()), at or datetime.now(UTC)
    return {
        "content-type": "application/json",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(delivery_id, at, body.decode()),
    }
