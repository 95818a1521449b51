"""What a message says when it goes out: only what is still worth saying, and what its reader may see by then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.database import Transaction

from session_service import store
from session_service.invitations import Invitation
from session_service.model import Session
from session_service.notices.buttons import buttons
from session_service.notices.inviting import invitations_of
from session_service.notices.kinds import KINDS
from session_service.notices.post import Post
from session_service.notices.preferences import Preferences
from session_service.notices.rendering import Reader, View
from session_service.store import Contact, deliveries
from session_service.store import notices as notice_store
from session_service.store.deliveries import Delivery
from session_service.store.notices import KeptNotice

Sessions = Mapping[UUID, Session]


@dataclass(frozen=True, slots=True)
class Written:
    """Whom a message goes to, at which address, what it is about, and what their calendar is to take."""

    contact: Contact
    preferences: Preferences
    reader: Reader
    address: str
    kinds: list[str]
    views: list[View]
    invitations: list[Invitation]


async def written(transaction: Transaction, post: Post, delivery: Delivery) -> Written | None:
    """The message as of now; None when there is nothing left to say, or nowhere to say it."""
    contact, preferences = await _reached(transaction, delivery.person_id)
    address = post.address(delivery.channel, contact, preferences)
    about = await deliveries.notices_of(transaction, delivery.delivery_id)
    sessions = await notice_store.sessions(transaction, about)
    told = [
        notice
        for notice in about
        if preferences.mode(KINDS[notice.kind], delivery.channel) != "off" and worth_saying(notice, sessions)
    ]
    if address is None or not told:
        return None
    reader = post.reader(contact, preferences)
    views = [
        replace(view, buttons=buttons(post, notice, sessions.get(notice.session_id or notice.notice_id), reader))
        for notice, view in zip(
            told, await _views(transaction, post, told, sessions, text=preferences.message_text), strict=True
        )
    ]
    kinds = sorted({notice.kind for notice in told})
    invitations = (
        await invitations_of(transaction, post.organizer, told, sessions) if delivery.channel == "mail" else []
    )
    return Written(contact, preferences, reader, address, kinds, views, invitations)


def worth_saying(notice: KeptNotice, sessions: Sessions) -> bool:
    """Not what was seen in the app, or is overtaken: by what became of the session, or by another time."""
    states = KINDS[notice.kind].states
    if notice.read_at is not None or states is None:
        return notice.read_at is None
    session = sessions.get(notice.session_id) if notice.session_id else None
    return session is not None and session.state in states and _starts_at(notice) in (None, session.starts_at)


def _starts_at(notice: KeptNotice) -> datetime | None:
    return datetime.fromisoformat(notice.facts["starts_at"]) if "starts_at" in notice.facts else None


async def titles(transaction: Transaction, post: Post, person_id: UUID, notices: Sequence[KeptNotice]) -> list[str]:
    """The titles of somebody's notices, for the feed in the app."""
    reader = post.reader(*await _reached(transaction, person_id))
    sessions = await notice_store.sessions(transaction, notices)
    return [
        post.renderer.title(view, reader) for view in await _views(transaction, post, notices, sessions, text=False)
    ]


async def _reached(transaction: Transaction, person_id: UUID) -> tuple[Contact, Preferences]:
    contacts = await store.contacts(transaction, [person_id])
    return contacts[person_id], (await deliveries.preferences(transaction, [person_id]))[person_id]


async def _views(
    transaction: Transaction, post: Post, notices: Sequence[KeptNotice], sessions: Sessions, *, text: bool
) -> list[View]:
    others = {notice.other_id for notice in notices if notice.other_id}
    names = {person_id: contact.name for person_id, contact in (await store.contacts(transaction, others)).items()}
    texts = {notice.notice_id: await _text(transaction, post, notice, sessions) for notice in notices if text}
    return [_view(notice, sessions, names, texts) for notice in notices]


def _view(
    notice: KeptNotice, sessions: Sessions, names: Mapping[UUID, str | None], texts: Mapping[UUID, str | None]
) -> View:
    """What a template may say."""
    session = sessions.get(notice.session_id) if notice.session_id else None
    return View(
        kind=notice.kind,
        session_id=notice.session_id,
        other=names.get(notice.other_id) if notice.other_id else None,
        minutes=session.minutes if session else None,
        expires_at=session.expires_at if session else None,
        starts_at=_starts_at(notice),
        text=texts.get(notice.notice_id),
    )


async def _text(transaction: Transaction, post: Post, notice: KeptNotice, sessions: Sessions) -> str | None:
    """What the other wrote, for whoever chose to get it."""
    session = sessions.get(notice.session_id) if notice.session_id else None
    if notice.kind == "asked" and session:
        return session.want_to_learn or None
    if "message_id" not in notice.facts:
        return None
    message = await store.message(transaction, post.keyring, UUID(notice.facts["message_id"]))
    return message.text or None if message else None
