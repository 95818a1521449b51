"""Beside step 1 of the write path: links in a mail or a chat that act with one tap, without signing in.

A token names one action of one person under our signature: an answer to one request until its deadline, or the return
from one pause for silence. It can be used once because the state that it needs is gone afterwards: no request is ever
open again, and another pause begins at another moment.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID

from session_service import signing
from session_service.model import Session

Answering = Literal["accept", "decline"]
Action = Answering | Literal["return"]
ANSWERS: tuple[Answering, ...] = ("accept", "decline")
RETURN_WITHIN = timedelta(days=90)
AUDIENCE = "one-tap"


@dataclass(frozen=True, slots=True)
class Tap:
    """What one tap does, and as whom: to a request, or to the pause that began at a moment."""

    action: Action
    person_id: UUID
    session_id: UUID | None = None
    silent_since: datetime | None = None


def link_tokens(key: str, session: Session) -> dict[Answering, str]:
    """The token of each answer that the mentor of an open request has; none when it is answered."""
    if session.state != "requested":
        return {}
    taps = {action: Tap(action, session.mentor_id, session_id=session.session_id) for action in ANSWERS}
    return {action: sign(key, tap, session.expires_at) for action, tap in taps.items()}


def return_token(key: str, mentor_id: UUID, silent_since: datetime) -> str:
    """The token with which a mentor who was paused for silence takes requests again."""
    return sign(key, Tap("return", mentor_id, silent_since=silent_since), silent_since + RETURN_WITHIN)


def sign(key: str, tap: Tap, until: datetime) -> str:
    """The token of a tap."""
    about = {"sid": tap.session_id, "since": tap.silent_since and tap.silent_since.isoformat()}
    known = {name: str(value) for name, value in about.items() if value}
    return signing.sign(key, AUDIENCE, {"sub": str(tap.person_id), "act": tap.action, **known}, until)


def read(key: str, token: str) -> Tap:
    """What a token stands for. Raises NotFound when it is none of ours, or its time is over."""
    return signing.read(key, AUDIENCE, token, _tap)


def _tap(said: signing.Said) -> Tap:
    action, person_id = cast("Action", said["act"]), UUID(said["sub"])
    if action == "return":
        return Tap(action, person_id, silent_since=datetime.fromisoformat(said["since"]))
    return Tap(action, person_id, session_id=UUID(said["sid"]))
