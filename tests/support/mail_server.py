"""A mail server in the test's own process that takes mail, refuses it, or hangs up at the worst moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP

HANG_UP = "hang up"
TAKE_AND_HANG_UP = "take and hang up"


@dataclass
class MailServer:
    """What came, and what to answer to the next messages instead of taking them."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    to_recipients: list[str] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Answer to a recipient."""
        if self.to_recipients:
            return self.to_recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Answer to a message."""
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer in ("250 OK", TAKE_AND_HANG_UP):
            self.taken.append(BytesParser(policy=default).parsebytes(envelope.content))
            self.to += envelope.rcpt_tos
        if answer in (HANG_UP, TAKE_AND_HANG_UP):
            server.transport.abort()
        return answer


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """One that listens on `port`."""
    mails = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mails, loop=loop, hostname="mail.test"), "127.0.0.1", 0)
    mails.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mails
