"""What the calendars of the two are to take with a mail: the appointment as it is by now, or its end."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from chassis.database import Transaction

from session_service import store
from session_service.invitations import Guest, Invitation, invitation
from session_service.model import Session
from session_service.notices.notice import Notice
from session_service.store import Contact

KINDS = frozenset({"scheduled", "rescheduled", "cancelled", "solved_in_chat"})


async def invitations_of(
    transaction: Transaction, organizer: str, told: Sequence[Notice], sessions: Mapping[UUID, Session]
) -> list[Invitation]:
    """One for each session whose time is told anew; none where no time was ever agreed."""
    ids = dict.fromkeys(notice.session_id for notice in told if notice.kind in KINDS and notice.session_id)
    made = []
    for session in (sessions[each] for each in ids if each in sessions):
        both = [session.learner_id, session.mentor_id]
        contacts = await store.contacts(transaction, both)
        guests = [_guest(contacts[person_id]) for person_id in both]
        made.append(invitation(session, organizer, guests, datetime.now(UTC)))
    return [each for each in made if each]


def _guest(contact: Contact) -> Guest:
    if contact.email is None:
        return Guest.unnamed(contact.person_id)
    return Guest(f"mailto:{contact.email}", contact.name)
