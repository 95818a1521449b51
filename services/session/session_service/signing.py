"""Beside step 1 of the write path: what links say that work without signing in, under one signature of ours.

A token is made for one audience, which is the kind of its link, and says nothing to any other.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from chassis.problems import NotFound
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

ALGORITHM = "HS256"
Said = dict[str, Any]
Meant = TypeVar("Meant")


def sign(key: str, audience: str, said: Said, until: datetime | None = None) -> str:
    """The token that says this to one audience; for ever, unless there is an end."""
    end = {"exp": int(until.timestamp())} if until else {}
    return jwt.encode({"alg": ALGORITHM}, {"aud": audience, **said, **end}, OctKey.import_key(key))


def read(key: str, audience: str, token: str, mean: Callable[[Said], Meant]) -> Meant:
    """What a token means to its audience. Raises NotFound when it is not for this one, none of ours, or over."""
    try:
        claims = jwt.decode(token, OctKey.import_key(key), algorithms=[ALGORITHM]).claims
        jwt.JWTClaimsRegistry(aud={"essential": True, "value": audience}).validate(claims)
        return mean(claims)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        raise NotFound("This link is over, or is none of ours: sign in instead.") from None
