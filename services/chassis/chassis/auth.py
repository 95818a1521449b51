"""Who is calling: every service verifies the access token again, whatever the gateway did.

RS256 only; issuer, audience, expiry and not-before are checked (RFC 8725, RFC 9068). Keys come from the identity
provider and are kept through its outages.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, cast
from uuid import UUID

import httpx2
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from chassis import logs
from chassis.problems import Forbidden, Unauthorized, Unavailable
from chassis.settings import Settings

log = logs.get(__name__)

ALGORITHMS = ["RS256"]
CLOCK_SKEW_S = 30
REFETCH_PAUSE_S = 10
ROLES = frozenset({"employee", "program_owner", "hr_platform", "operator", "auditor", "skill_editor", "reviewer"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever signed in: the token's subject, its roles, and the person behind it, if it is one."""

    subject: str
    roles: frozenset[str]
    person_id: UUID | None = None
    expires_at: float | None = None
    """When the token ends, in seconds since 1970: what is answered for longer ends with it."""

    @property
    def person(self) -> UUID:
        """The person id. Raises Forbidden for programs such as the HR platform."""
        if self.person_id is None:
            raise Forbidden("This is for people; a program's token cannot do it.")
        return self.person_id


@dataclass
class KeyCache:
    """The identity provider's public keys: refreshed by age, once more for an unknown key id, kept when it is down."""

    url: str
    ttl_s: int
    _keys: KeySet | None = None
    _fetched_at: float = float("-inf")
    _attempted_at: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find(self, key_id: str) -> KeySet:
        """A key set that holds `key_id`, if the provider knows it. Raises Unavailable without any keys."""
        if self._stale() or not self._knows(key_id):
            await self._refetch()
        if self._keys is None:
            raise Unavailable("The identity provider does not answer, so nobody can be recognised.")
        return self._keys

    def _stale(self) -> bool:
        return time.monotonic() - self._fetched_at > self.ttl_s

    def _knows(self, key_id: str) -> bool:
        return self._keys is not None and any(key.kid == key_id for key in self._keys.keys)

    async def _refetch(self) -> None:
        """At most once every few seconds, so that made-up key ids cannot flood the provider."""
        async with self._lock:
            if time.monotonic() - self._attempted_at < REFETCH_PAUSE_S:
                return
            self._attempted_at = time.monotonic()
            try:
                self._keys = await _fetch(self.url)
                self._fetched_at = time.monotonic()
            except (httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
                log.warning("signing_keys_not_fetched", error=type(error).__name__)


async def _fetch(url: str) -> KeySet:
    async with httpx2.AsyncClient(timeout=5) as client:
        answer = await client.get(url)
        answer.raise_for_status()
        return KeySet.import_key_set(answer.json())


class TokenVerifier:
    """Turns a bearer token into a caller."""

    def __init__(self, settings: Settings) -> None:
        self._keys = KeyCache(settings.jwks_url, settings.jwks_ttl_s)
        self._claims = jwt.JWTClaimsRegistry(
            leeway=CLOCK_SKEW_S,
            iss={"essential": True, "value": settings.jwt_issuer},
            aud={"essential": True, "value": settings.jwt_audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def verify(self, token: str) -> Caller:
        """The caller whom a token names. Raises Unauthorized."""
        keys = await self._keys.find(_key_id(token))
        try:
            claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
            self._claims.validate(claims)
            return _caller(claims)
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            log.info("token_refused", reason=type(error).__name__)
            raise Unauthorized("The access token is not valid or has expired: sign in again.") from None


def _key_id(token: str) -> str:
    try:
        header = extract_compact(token.encode()).headers()
        return str(header["kid"]) if header.get("alg") in ALGORITHMS else _refuse()
    except (JoseError, ValueError, KeyError, TypeError):
        return _refuse()


def _refuse() -> str:
    raise Unauthorized("The access token is not of the form this service takes: sign in again.")


def _caller(claims: dict[str, Any]) -> Caller:
    person_id = claims.get("person_id")
    return Caller(
        subject=str(claims["sub"]),
        roles=frozenset(claims.get("roles", ())) & ROLES,
        person_id=UUID(person_id) if person_id else None,
        expires_at=float(claims["exp"]),
    )


_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT")


async def get_caller(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    """The caller of this request. Raises Unauthorized."""
    if credentials is None:
        raise Unauthorized
    verifier = cast("TokenVerifier", request.app.state.verifier)
    return await verifier.verify(credentials.credentials)


def allow(*roles: str) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """A dependency that lets only callers with one of these roles pass. Raises Unauthorized, Forbidden."""

    async def caller_with_role(caller: Annotated[Caller, Depends(get_caller)]) -> Caller:
        if not caller.roles.intersection(roles):
            raise Forbidden
        return caller

    return caller_with_role
