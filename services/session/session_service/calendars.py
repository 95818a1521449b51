"""Beside the read path: reads somebody's calendar at an address that they gave, and nothing of this network.

Only over https; every address that a name stands for must be public, also after a redirect, and the one that was
checked is the one that is connected to. Time and size are limited. What came is read by a process of its own.
"""

import asyncio
import ipaddress
import json
import socket
import ssl
import sys
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import httpcore2
from cryptography.exceptions import InvalidTag

from session_service.model import LOOK_AHEAD, Interval
from session_service.sealing import Keyring, MasterKeyMissing, Wrapped, place_of
from session_service.settings import Settings

REDIRECTS = 3
REDIRECTED = (301, 302, 303, 307, 308)
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class CalendarUnreadable(Exception):
    """No calendar could be read at an address; why is nobody's business, as it would tell of this network."""


class CalendarReader:
    """Reads calendars, and seals their addresses, which are secrets of their owners."""

    def __init__(self, settings: Settings, keyring: Keyring, trust: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._keyring = keyring
        self._trust = trust or ssl.create_default_context()

    def sealed(self, url: str, owner_id: UUID) -> Wrapped:
        """An address as it is kept, which opens for this owner alone."""
        return self._keyring.wrap(url.encode(), place_of(owner_id))

    async def busy(self, address: Wrapped, owner_id: UUID, time_zone: str, at: datetime) -> list[Interval]:
        """When the owner of a calendar is busy in the next weeks. Raises CalendarUnreadable."""
        try:
            url = self._keyring.unwrap(address, place_of(owner_id)).decode()
            async with asyncio.timeout(self._settings.calendar_timeout_ms / 1000):
                return await _read(await self._fetched(url), time_zone, at)
        except (CalendarUnreadable, OSError, TimeoutError, ValueError, InvalidTag, MasterKeyMissing, *HTTP_ERRORS):
            raise CalendarUnreadable from None

    async def _fetched(self, url: str) -> bytes:
        backend = PublicOnly(allow_private=self._settings.calendar_allow_private)
        # Each request has a connection of its own: one that is kept may be closed by the host as we ask again.
        async with httpcore2.AsyncConnectionPool(
            self._trust, max_keepalive_connections=0, network_backend=backend
        ) as pool:
            for _ in range(1 + REDIRECTS):
                check_url(url)
                async with pool.stream(
                    "GET", url, headers=[(b"Host", _host(url)), (b"Accept", b"text/calendar")]
                ) as got:
                    if got.status in REDIRECTED:
                        url = urljoin(url, _location(got))
                        continue
                    if got.status == 200:
                        return await self._limited(got)
                raise CalendarUnreadable
        raise CalendarUnreadable

    async def _limited(self, response: httpcore2.Response) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_stream():
            content += chunk
            if len(content) > self._settings.calendar_max_bytes:
                raise CalendarUnreadable
        return bytes(content)


HTTP_ERRORS = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    httpcore2.UnsupportedProtocol,
)


class PublicOnly(httpcore2.AsyncNetworkBackend):
    """Connects to public addresses alone, whatever a name stands for."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as the library has it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to what was checked. Raises CalendarUnreadable."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(info[4][0]) for info in found]
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise CalendarUnreadable
        return await self._backend.connect_tcp(addresses[0], port, timeout, local_address, socket_options)


def is_public(address: str) -> bool:
    """Whether an address is out in the internet, and stands for no other."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        stands_for_another = ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in NAT64
        return ip.is_global and not ip.is_multicast and not stands_for_another
    return ip.is_global and not ip.is_multicast


def check_url(url: str) -> None:
    """Raise ValueError unless this is an address that may be asked: https, a name, no password in it."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or parts.port == 0:
        raise ValueError("an https address without a password in it")


def _location(response: httpcore2.Response) -> str:
    headers = {name.lower(): value for name, value in response.headers}
    return headers.get(b"location", b"").decode("ascii")


def _host(url: str) -> bytes:
    return urlsplit(url).netloc.encode("ascii")


async def _read(content: bytes, time_zone: str, at: datetime) -> list[Interval]:
    bounds = at.isoformat(), (at + LOOK_AHEAD + LOOK_AHEAD).isoformat()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "session_service.busy", *bounds, time_zone),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        told, _ = await process.communicate(content)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise CalendarUnreadable
    return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in json.loads(told)]
