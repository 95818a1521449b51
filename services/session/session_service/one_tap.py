"""Beside step 1 of the write path: links in a mail or a chat that answer one request with one tap, without signing in.

A token names one action of one person on one request, until the request's deadline, under our signature. It can be used
once because the state that it needs is gone afterwards: no request is ever open again.
"""

from dataclasses import dataclass
from typing import Literal, cast, get_args
from uuid import UUID

from chassis.problems import NotFound
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from session_service.model import Session

Action = Literal["accept", "decline"]
ACTIONS: tuple[Action, ...] = get_args(Action)
ALGORITHM = "HS256"
AUDIENCE = "one-tap"
CLAIMS = jwt.JWTClaimsRegistry(
    aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}, sub={"essential": True}
)


@dataclass(frozen=True, slots=True)
class Tap:
    """What one tap does, and as whom."""

    action: Action
    person_id: UUID
    session_id: UUID


def link_tokens(key: str, session: Session) -> dict[Action, str]:
    """The token of each action that the mentor of an open request has; none without a key, or when it is answered."""
    if not key or session.state != "requested":
        return {}
    return {action: _token(key, Tap(action, session.mentor_id, session.session_id), session) for action in ACTIONS}


def read(key: str, token: str) -> Tap:
    """What a token stands for. Raises NotFound when it is none of ours, or its time is over."""
    if not key:  # or anybody could sign
        raise NotFound
    try:
        claims = jwt.decode(token, OctKey.import_key(key), algorithms=[ALGORITHM]).claims
        CLAIMS.validate(claims)
        return Tap(cast("Action", claims["act"]), UUID(claims["sub"]), UUID(claims["sid"]))
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        raise NotFound("This link is over, or is none of ours: sign in to answer.") from None


def _token(key: str, tap: Tap, session: Session) -> str:
    claims = {
        "aud": AUDIENCE,
        "sub": str(tap.person_id),
        "sid": str(tap.session_id),
        "act": tap.action,
        "exp": int(session.expires_at.timestamp()),
    }
    return jwt.encode({"alg": ALGORITHM}, claims, OctKey.import_key(key))
