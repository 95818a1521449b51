"""For tests: tokens that verify, and an in-memory stand-in for Kafka that keeps the publisher's contract."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from chassis.auth import Caller
from chassis.kafka import PublishFailed, Record


class TokenIssuer:
    """An identity provider with a key of its own."""

    def __init__(self, issuer: str = "https://id.test", audience: str = "flash-mentoring") -> None:
        self.issuer = issuer
        self.audience = audience
        self._key = RSAKey.generate_key(2048, {"kid": str(uuid4()), "use": "sig"})

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys as its JWKS address would give them."""
        return dict(KeySet([self._key]).as_dict(private=False))

    def token(self, *roles: str, person_id: UUID | None = None, **claims: Any) -> str:
        """A signed access token; `claims` override any claim, None leaves one out."""
        now = int(time.time())
        body = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(person_id or "client"),
            "iat": now,
            "exp": now + 3600,
            "roles": list(roles),
            "person_id": str(person_id) if person_id else None,
            **claims,
        }
        kept = {name: value for name, value in body.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, kept, self._key)


class StaticVerifier:
    """Stands in for `TokenVerifier`: a token is whatever `callers` says it is. For tests of an API's own rules."""

    def __init__(self) -> None:
        self.callers: dict[str, Caller] = {}

    def sign_in(self, *roles: str, person_id: UUID | None = None) -> dict[str, str]:
        """Headers of a new caller with these roles."""
        token = str(uuid4())
        self.callers[token] = Caller(str(person_id or token), frozenset(roles), person_id)
        return {"Authorization": f"Bearer {token}"}

    async def verify(self, token: str) -> Caller:
        """The caller of a token given out before. Raises KeyError."""
        return self.callers[token]


class FakePublisher:
    """Keeps what is published; fails as often as `failures` says, having kept nothing of that call."""

    def __init__(self, failures: int = 0) -> None:
        self.records: list[Record] = []
        self.failures = failures

    async def publish(self, records: Sequence[Record]) -> None:
        """Keep the records in order. Raises PublishFailed while failures are left."""
        if self.failures:
            self.failures -= 1
            raise PublishFailed("as told")
        self.records.extend(records)

    async def close(self) -> None:
        """Nothing to let go of."""
