"""The process of the local mail sink: takes every mail and delivers none, and shows them on a page.

It keeps the newest in memory alone: they are gone with it.
"""

import asyncio
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from aiosmtpd.smtp import SMTP
from jinja2 import Environment, StrictUndefined

KEPT_MAILS = 2_000
SHOWN_MAILS = 200
HOST = "127.0.0.1"
PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Mail</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid #ddd; padding: .3rem; text-align: left; }
pre { background: #f5f5f5; overflow-x: auto; padding: 1rem; white-space: pre-wrap; }
iframe { border: 1px solid #ddd; width: 100%; }
</style></head>
<body>
{% if mail %}
<p><a href="/">All mail</a></p>
<h1>{{ mail.subject }}</h1>
<dl>{% for name, value in mail.headers %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
<iframe sandbox srcdoc="{{ mail.html }}" height="420" title="The mail as a page"></iframe>
<h2>As text</h2>
<pre>{{ mail.text }}</pre>
{% else %}
<h1>Mail</h1>
<p>{{ count }} came since the start; the newest {{ mails | length }}:</p>
<table><tr><th>came</th><th>to</th><th>subject</th></tr>
{% for mail in mails %}
<tr><td>{{ mail.came }}</td><td>{{ mail.to }}</td>
<td><a href="/mails/{{ mail.number }}">{{ mail.subject }}</a></td></tr>
{% endfor %}
</table>
{% endif %}
</body>
</html>
"""


@dataclass(frozen=True)
class Mail:
    """One mail as it came."""

    number: int
    came: str
    to: str
    subject: str
    headers: list[tuple[str, str]]
    text: str
    html: str


@dataclass
class Sink:
    """Every mail that came, and what is answered about them."""

    mails: deque[Mail] = field(default_factory=lambda: deque(maxlen=KEPT_MAILS))
    count: int = 0
    _templates: Environment = field(default_factory=lambda: Environment(autoescape=True, undefined=StrictUndefined))

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a mail."""
        self.count += 1
        content = message_from_bytes(envelope.content, policy=default)
        self.mails.appendleft(
            Mail(
                number=self.count,
                came=f"{datetime.now(UTC):%H:%M:%S} UTC",
                to=", ".join(envelope.rcpt_tos),
                subject=str(content["Subject"]),
                headers=[(name, str(value)) for name, value in content.items()],
                text=_part(content, "plain"),
                html=_part(content, "html"),
            )
        )
        return "250 OK"

    def answer(self, target: str) -> tuple[HTTPStatus, str, bytes]:
        """Status, type and body for a path: the list, one mail, or all of somebody as JSON."""
        parts = urlsplit(target)
        if parts.path == "/mails.json":
            asked = parse_qs(parts.query).get("to", [""])[0]
            found = [mail for mail in self.mails if asked in mail.to]
            return HTTPStatus.OK, "application/json", orjson.dumps(found)
        if parts.path == "/":
            return self._page(mail=None, mails=list(self.mails)[:SHOWN_MAILS], count=self.count)
        found = [mail for mail in self.mails if parts.path == f"/mails/{mail.number}"]
        return self._page(mail=found[0]) if found else (HTTPStatus.NOT_FOUND, "text/plain", b"There is no such mail.")

    def _page(self, **values: Any) -> tuple[HTTPStatus, str, bytes]:
        page = self._templates.from_string(PAGE).render(values)
        return HTTPStatus.OK, "text/html; charset=utf-8", page.encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one GET."""
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):  # who only knocks
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ")
            status, kind, body = self.answer(request[1])
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
            writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""


async def run(smtp_port: int, http_port: int) -> None:
    """Take and show mail until the process ends."""
    sink, loop = Sink(), asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(sink, loop=loop, hostname="mail.local"), HOST, smtp_port)
    async with smtp, await asyncio.start_server(sink.serve, HOST, http_port) as pages:
        await pages.serve_forever()


if __name__ == "__main__":
    asyncio.run(run(int(os.environ["FLASH_MAIL_SMTP_PORT"]), int(os.environ["FLASH_MAIL_HTTP_PORT"])))
