"""A message by mail: text and page, over SMTP.

The body is handed over once the server has taken sender and recipient. What fails before that, or is refused by an
answer, was surely not taken. A connection that ends between the body and the answer leaves it unknown. Where TLS is
asked for, nothing but the question for it goes out without: neither the name and password nor a letter.
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from typing import Literal
from uuid import UUID

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from session_service.invitations import Invitation
from session_service.notices.channels.outcome import SENT, HandOver, Outcome
from session_service.notices.rendering import Rendered


class InOneLine(UnstructuredHeader, BaseHeader):
    """A header that is not folded: an address that is too long for a line would be encoded, which none may be there."""

    def fold(self, *, policy: Policy) -> str:
        """As it is."""
        return f"{self.name}: {self}{policy.linesep}"


HEADERS = HeaderRegistry()
HEADERS.map_to_type("List-Unsubscribe", InOneLine)
POLICY = SMTP.clone(cte_type="7bit", header_factory=HEADERS)
"""What every server on the way can pass on."""
ADVICE = {
    aiosmtplib.SMTPAuthenticationError: "see FLASH_SMTP_USERNAME and FLASH_SMTP_PASSWORD",
    aiosmtplib.SMTPSenderRefused: "see FLASH_MAIL_FROM, and FLASH_SMTP_USERNAME if a login is wanted",
}
INVITATION_FILE = "invite.ics"
Tls = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to whom; `unsubscribe_link` only where its reader may do without, `invitations` for their calendar."""

    delivery_id: UUID
    to: str
    name: str | None
    rendered: Rendered
    unsubscribe_link: str | None = None
    invitations: Sequence[Invitation] = ()


@dataclass(frozen=True, slots=True)
class MailServer:
    """The organisation's mail server, and in whose name mail goes out: `Flash Mentoring <noreply@example.org>`."""

    host: str
    port: int
    tls: Tls
    sender: str
    username: str | None = None
    password: str | None = None
    timeout_s: float = 10
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    """Whose certificates are believed; loaded once, since that holds everything else up for 30 ms."""

    async def send(self, letter: Letter, hand_over: HandOver) -> Outcome:
        """Send one letter. Raises what `hand_over` raises."""
        client = self._client()
        try:
            await client.connect()
            await client.ehlo()
            await client.mail(parseaddr(self.sender)[1])
            await client.rcpt(letter.to)
        except (SMTPException, OSError, TimeoutError) as error:
            client.close()
            return refusal(error)
        return await self._data(client, message(letter, self.sender).as_bytes(), hand_over)

    async def _data(self, client: aiosmtplib.SMTP, body: bytes, hand_over: HandOver) -> Outcome:
        try:
            await hand_over()
            return await _taken(client, body)
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            timeout=self.timeout_s,
            use_tls=self.tls == "tls",
            start_tls=self.tls == "starttls",
            tls_context=None if self.tls == "none" else self.trust,
        )


async def _taken(client: aiosmtplib.SMTP, body: bytes) -> Outcome:
    try:
        await client.data(body)
    except SMTPResponseException as error:
        return refusal(error)
    except (SMTPException, OSError, TimeoutError) as error:
        return Outcome("unknown", type(error).__name__)
    return SENT


def refusal(error: Exception) -> Outcome:
    """The server said no (for now, or for good), or was not there.

    For good it refuses a recipient or a letter. Anything else is a matter of the server or of our own settings, which
    somebody will mend: no letter is to blame.
    """
    for_good = isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError) and error.code >= 500
    return Outcome("impossible" if for_good else "refused", _reason(error))


def _reason(error: Exception) -> str:
    """Why, and what to look at. What a server answered stays out of it, since addresses stand in there."""
    if not isinstance(error, SMTPResponseException):
        return f"{type(error).__name__}: {error}"
    advice = [text for kind, text in ADVICE.items() if isinstance(error, kind)]
    return ", ".join([f"{type(error).__name__} {error.code}", *advice])


def message(letter: Letter, sender: str) -> EmailMessage:
    """The letter as it goes out. The same delivery has the same Message-ID, however often it is tried."""
    name, address = parseaddr(sender)
    made = EmailMessage(policy=POLICY)
    made["From"] = Address(name, addr_spec=address)
    made["To"] = Address(_plain(letter.name or ""), addr_spec=letter.to)
    made["Subject"] = _plain(letter.rendered.subject)
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = f"<{letter.delivery_id}@{address.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    if letter.unsubscribe_link:
        made["List-Unsubscribe"] = f"<{letter.unsubscribe_link}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(letter.rendered.text)
    made.add_alternative(letter.rendered.html, subtype="html")
    _invite(made, letter.invitations)
    return made


def _invite(made: EmailMessage, invitations: Sequence[Invitation]) -> None:
    """As calendars behind mail take it (RFC 6047): another form of a mail about one appointment, and files of all."""
    if len(invitations) == 1:
        params = {"method": invitations[0].method}
        made.add_alternative(invitations[0].content.decode(), subtype="calendar", params=params)
    for each in invitations:
        made.add_attachment(each.content, maintype="application", subtype="ics", filename=INVITATION_FILE)


def _plain(text: str) -> str:
    """Nothing that could end a header."""
    return "".join(each if each.isprintable() else " " for each in text)
