"""Step 1 of the write path: a push is let in by its signature (Standard Webhooks), made with the sender's own secret.

The signature covers id, time and body; its time may be five minutes off. While secrets are changed, several are valid.
"""

from dataclasses import dataclass
from typing import Annotated

from chassis import logs
from chassis.http import DatabaseDep
from chassis.problems import Refused, Unauthorized
from fastapi import Depends, Path, Request
from fastapi.security import APIKeyHeader
from standardwebhooks import Webhook, WebhookVerificationError

from profile_service import store

log = logs.get(__name__)

MAX_ID_LENGTH = 200

_signature = APIKeyHeader(
    name="webhook-signature",
    scheme_name="StandardWebhooks",
    description="With webhook-id and webhook-timestamp, as standardwebhooks.com has it.",
    auto_error=False,
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who signed this call, and the id by which they would repeat it."""

    client: str
    id: str


async def signed(
    client: Annotated[str, Path(max_length=50)],
    _: Annotated[str | None, Depends(_signature)],
    request: Request,
    database: DatabaseDep,
) -> Delivery:
    """The delivery that is signed by this sender. Raises Unauthorized (also for unknown senders), Refused."""
    async with database.connection() as connection:
        secrets = await store.valid_secrets(connection, client)
    body, headers = await request.body(), dict(request.headers)
    if not any(_fits(secret, body, headers) for secret in secrets):
        log.info("signature_refused", known=bool(secrets))
        raise Unauthorized("The signature is not one of this sender's, or its time is more than five minutes off.")
    if len(headers["webhook-id"]) > MAX_ID_LENGTH:
        raise Refused(f"At most {MAX_ID_LENGTH} characters.", field="webhook-id")
    return Delivery(client, headers["webhook-id"])


def _fits(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):  # the library lets what is not base64 through as ValueError
        return False
    return True
