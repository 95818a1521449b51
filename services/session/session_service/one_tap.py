"""Beside step 1 of the write path: links in a mail or a chat that act with one tap, without signing in.

A token names one action of one person under our signature: an answer to one request until its deadline, or the return
from one pause for silence. It can be used once because the state that it needs is gone afterwards: no request is ever
open again, and another pause begins at another moment.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from chassis.problems import NotFound
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from session_service.model import Session

Answering = Literal["accept", "decline"]
Action = Answering | Literal["return"]
ANSWERS: tuple[Answering, ...] = ("accept", "decline")
RETURN_WITHIN = timedelta(days=90)
ALGORITHM = "HS256"
AUDIENCE = "one-tap"
CLAIMS = jwt.JWTClaimsRegistry(
    aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}, sub={"essential": True}
)


@dataclass(frozen=True, slots=True)
class Tap:
    """What one tap does, and as whom: to a request, or to the pause that began at a moment."""

    action: Action
    person_id: UUID
    session_id: UUID | None = None
    silent_since: datetime | None = None


def link_tokens(key: str, session: Session) -> dict[Answering, str]:
    """The token of each answer that the mentor of an open request has; none without a key, or when it is answered."""
    if not key or session.state != "requested":
        return {}
    taps = {action: Tap(action, session.mentor_id, session_id=session.session_id) for action in ANSWERS}
    return {action: sign(key, tap, session.expires_at) for action, tap in taps.items()}


def return_token(key: str, mentor_id: UUID, silent_since: datetime) -> str | None:
    """The token with which a mentor who was paused for silence takes requests again; None without a key."""
    if not key:
        return None
    return sign(key, Tap("return", mentor_id, silent_since=silent_since), silent_since + RETURN_WITHIN)


def sign(key: str, tap: Tap, until: datetime) -> str:
    """The token of a tap."""
    about = {"sid": tap.session_id, "since": tap.silent_since and tap.silent_since.isoformat()}
    claims = {"aud": AUDIENCE, "sub": str(tap.person_id), "act": tap.action, "exp": int(until.timestamp())}
    known = {name: str(value) for name, value in about.items() if value}
    return jwt.encode({"alg": ALGORITHM}, claims | known, OctKey.import_key(key))


def read(key: str, token: str) -> Tap:
    """What a token stands for. Raises NotFound when it is none of ours, or its time is over."""
    if not key:  # or anybody could sign
        raise NotFound
    try:
        claims = jwt.decode(token, OctKey.import_key(key), algorithms=[ALGORITHM]).claims
        CLAIMS.validate(claims)
        return _tap(claims)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        raise NotFound("This link is over, or is none of ours: sign in to answer.") from None


def _tap(claims: dict[str, Any]) -> Tap:
    action, person_id = cast("Action", claims["act"]), UUID(claims["sub"])
    if action == "return":
        return Tap(action, person_id, silent_since=datetime.fromisoformat(claims["since"]))
    return Tap(action, person_id, session_id=UUID(claims["sid"]))
