"""What this deployment can send by, and how it writes: put together once, at the start."""

from dataclasses import dataclass
from uuid import UUID

from session_service.notices.channels.chat import Chats
from session_service.notices.channels.mail import MailServer
from session_service.notices.links import Links, Unsubscription
from session_service.notices.preferences import Channel, Preferences, language_of, may_be_off, zone_of
from session_service.notices.rendering import LANGUAGES, Reader, Renderer
from session_service.sealing import Keyring
from session_service.settings import Settings
from session_service.store import Contact


@dataclass(frozen=True, slots=True)
class Post:
    """The organisation's ways out; without a mail server no mail is made."""

    mail: MailServer | None
    chats: Chats
    renderer: Renderer
    links: Links
    keyring: Keyring
    default_language: str
    default_time_zone: str
    organizer: str

    def address(self, channel: Channel, contact: Contact, preferences: Preferences) -> str | None:
        """Where somebody is reached by a channel; None where they are not."""
        if channel == "mail":
            return contact.email if self.mail else None
        return preferences.webhook(channel)

    def reader(self, contact: Contact, preferences: Preferences) -> Reader:
        """How to write to somebody."""
        language = language_of(preferences, contact.languages, LANGUAGES, self.default_language)
        return Reader(language, zone_of(contact.time_zone, self.default_time_zone))

    def unsubscribe_link(self, person_id: UUID, kinds: list[str], reader: Reader) -> str | None:
        """Where somebody does without these kinds; None where others wait for what they say."""
        if not may_be_off(kinds):
            return None
        return self.links.unsubscribe(Unsubscription(person_id, kinds, reader.language))


def post(settings: Settings, keyring: Keyring) -> Post:
    """As the settings say."""
    mail = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        sender=settings.mail_from,
        username=settings.smtp_username,
        password=settings.smtp_password,
    )
    url = settings.public_url.rstrip("/")
    return Post(
        mail if settings.smtp_host else None,
        Chats({"slack": settings.slack_hosts.split(","), "teams": settings.teams_hosts.split(",")}),
        Renderer(url),
        Links(url, settings.link_key),
        keyring,
        settings.default_language,
        settings.default_time_zone,
        settings.invitation_organizer,
    )
