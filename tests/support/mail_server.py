"""A mail server in the test's own process that takes mail, refuses it, or hangs up at the worst moment."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from functools import partial
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

HANG_UP = "hang up"
TAKE_AND_HANG_UP = "take and hang up"
LOGIN = ("flash", "a password of the organisation")


@dataclass
class MailServer:
    """What came, and what to answer to the next messages instead of taking them."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    to_recipients: list[str] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)
    """The first word of each line that anybody on the way could read."""

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


class _Connection(SMTP):
    """One that notes what is said before it is encrypted."""

    def data_received(self, data: bytes) -> None:
        """Note it, and go on."""
        assert self.transport, "what comes, comes by one"
        if self.transport.get_extra_info("ssl_object") is None:
            self.event_handler.in_clear += [line.partition(" ")[0] for line in data.decode("latin-1").splitlines()]
        super().data_received(data)


def _logged_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, said: Any) -> AuthResult:
    return AuthResult(success=(said.login.decode(), said.password.decode()) == LOGIN, handled=False)


@asynccontextmanager
async def mail_server(tls: ssl.SSLContext | None = None, *, wants_login: bool = False) -> AsyncIterator[MailServer]:
    """One that listens on `port`; with `tls` it takes nothing before STARTTLS, and it may want `LOGIN`."""
    mails, loop = MailServer(), asyncio.get_running_loop()
    connection = partial(
        _Connection,
        mails,
        loop=loop,
        hostname="mail.test",
        tls_context=tls,
        require_starttls=tls is not None,
        authenticator=_logged_in,
        auth_required=wants_login,
        auth_require_tls=tls is not None,
    )
    server = await loop.create_server(connection, "127.0.0.1", 0)
    mails.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mails
