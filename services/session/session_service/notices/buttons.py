"""Answers that take one tap, as buttons of what is told: labels and addresses, while there is something to answer."""

from collections.abc import Iterable
from datetime import datetime

from session_service import one_tap
from session_service.model import Session
from session_service.notices.notice import Notice
from session_service.notices.post import Post
from session_service.notices.rendering import Reader

ANSWERED = frozenset({"asked", "reminded"})


def buttons(post: Post, notice: Notice, session: Session | None, reader: Reader) -> list[tuple[str, str]]:
    """Yes and no to an open request, or the way back from a pause; none for anything else."""
    return [
        (post.renderer.action(action, reader.language), post.links.one_tap(token, reader.language))
        for action, token in _tokens(post.links.secret, notice, session)
    ]


def _tokens(key: str, notice: Notice, session: Session | None) -> Iterable[tuple[one_tap.Action, str]]:
    if notice.kind in ANSWERED and session:
        return one_tap.link_tokens(key, session).items()
    if notice.kind != "paused_for_silence":
        return ()
    since = datetime.fromisoformat(notice.facts["silent_since"])
    return [("return", one_tap.return_token(key, notice.person_id, since))]
