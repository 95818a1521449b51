"""The development identity provider while a test runs, and tokens that it would never give out."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from flash_local.identity import IdentityProvider
from flash_local.processes import Process, free_port
from joserfc import jwt
from joserfc.jwk import RSAKey

ALGORITHMS = ["RS256", "RS512", "PS256"]


@asynccontextmanager
async def serving_identity(folder: Path) -> AsyncIterator[IdentityProvider]:
    """The provider of this folder, while it runs."""
    provider = IdentityProvider(folder / "identity", free_port())
    provider.write_config()
    process = await Process.start(provider.program(), folder / "identity.log")
    try:
        await process.wait_ready()
        yield provider
    finally:
        await process.stop()


class Forger:
    """Signs whatever a test wants with the provider's own key, and less honest things with others."""

    def __init__(self, provider: IdentityProvider) -> None:
        keys = provider.folder / "keys"
        self._issuer = provider.issuer
        self._key_id = (keys / "kid.txt").read_text().strip()
        self._private = RSAKey.import_key((keys / "rsa_private.pem").read_bytes())
        self._public_pem = (keys / "rsa_public.pem").read_bytes()

    def token(self, *roles: str, key: RSAKey | None = None, header: dict[str, str] | None = None, **claims: Any) -> str:
        """A token that is right but for what is given; a claim of None is left out."""
        headers = self._header() | (header or {})
        return jwt.encode(headers, self._claims(roles, claims), key or self._private, algorithms=ALGORITHMS)

    def signed_with_the_public_key(self) -> str:
        """HS256, the provider's public key being the shared secret."""
        unsigned = self._unsigned("HS256")
        return f"{unsigned}.{_base64(hmac.digest(self._public_pem, unsigned.encode(), 'sha256'))}"

    def unsigned(self) -> str:
        """Algorithm none, no signature."""
        return f"{self._unsigned('none')}."

    def signed_by_a_stranger(self) -> str:
        """The provider's key id over another key's signature."""
        return self.token(key=RSAKey.generate_key(2048))

    def _unsigned(self, algorithm: str) -> str:
        parts = (self._header() | {"alg": algorithm}, self._claims((), {}))
        return ".".join(_base64(json.dumps(part).encode()) for part in parts)

    def _header(self) -> dict[str, str]:
        return {"alg": "RS256", "kid": self._key_id, "typ": "JWT"}

    def _claims(self, roles: tuple[str, ...], claims: dict[str, Any]) -> dict[str, Any]:
        now = int(time.time())
        right = {
            "iss": self._issuer,
            "aud": "flash-mentoring",
            "sub": f"caller-{uuid4().hex[:12]}",
            "iat": now,
            "exp": now + 600,
            "roles": list(roles or ("employee",)),
        }
        return {name: value for name, value in (right | claims).items() if value is not None}


def tampered(token: str) -> str:
    """The same token, its claims changed after signing."""
    header, claims, signature = token.split(".")
    middle = len(claims) // 2
    changed = "A" if claims[middle] != "A" else "B"
    return ".".join((header, claims[:middle] + changed + claims[middle + 1 :], signature))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
