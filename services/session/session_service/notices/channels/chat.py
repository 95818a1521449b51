"""A message into a chat, by a person's own incoming webhook of Slack or Teams.

Only to the hosts of these two: an address is somebody's choice, and the platform must not be a way into the network.
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import httpx2

from session_service.notices.channels.outcome import SENT, HandOver, Outcome
from session_service.notices.preferences import Channel

NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


def is_allowed(url: str, hosts: Sequence[str]) -> bool:
    """Whether this is an address at one of these hosts, over TLS and on its usual port, with nobody's password."""
    try:
        parts = httpx2.URL(url)  # as it is read when something is sent there
    except httpx2.InvalidURL:
        return False
    plain = parts.scheme == "https" and parts.port in (None, 443) and not parts.userinfo
    return plain and any(fnmatchcase(parts.host, host) for host in hosts)


@dataclass(frozen=True, slots=True)
class Chats:
    """Slack and Teams; `hosts` by channel are those that addresses may lie at."""

    hosts: Mapping[Channel, Sequence[str]]
    timeout_s: float = 10
    transport: httpx2.AsyncBaseTransport | None = None
    trust: ssl.SSLContext = field(default_factory=httpx2.create_ssl_context)
    """Whose certificates are believed; loaded once, since that holds everything else up for 30 ms."""

    async def send(self, channel: Channel, url: str, text: str, hand_over: HandOver) -> Outcome:
        """Post one message. Raises what `hand_over` raises."""
        if not is_allowed(url, self.hosts[channel]):
            return Outcome("impossible", "the address is not one of this chat")
        await hand_over()
        try:
            async with self._client() as client:
                answer = await client.post(url, json=BODIES[channel](text))
        except NOT_SENT as error:
            return Outcome("refused", type(error).__name__)
        except httpx2.HTTPError as error:
            return Outcome("unknown", type(error).__name__)
        if answer.is_success:
            return SENT
        return Outcome("refused" if answer.status_code in LATER else "impossible", f"status {answer.status_code}")

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            timeout=self.timeout_s, transport=self.transport, verify=self.trust, follow_redirects=False
        )


def _slack(text: str) -> dict[str, Any]:
    """Escaped, so that nobody's name or words become a mention or a link with another text."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": escaped, "unfurl_links": False}


def _teams(text: str) -> dict[str, Any]:
    """An Adaptive Card of plain text, as a workflow that posts what its webhook receives takes it."""
    run = {"type": "TextRun", "text": text}
    block = {"type": "RichTextBlock", "inlines": [run]}
    card = {"type": "AdaptiveCard", "version": "1.4", "body": [block]}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


BODIES = {"slack": _slack, "teams": _teams}
