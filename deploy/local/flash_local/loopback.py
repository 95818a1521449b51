"""Plain HTTP to processes of this machine, as probes, seeds, tests and checks speak it."""

import ssl
from typing import Any

import httpx2


def client(base_url: str = "", **options: Any) -> httpx2.AsyncClient:
    """A client that uses no proxy and trusts no certificate: to load those takes 40 ms, each time.

    `options` are those of `httpx2.AsyncClient`, such as `timeout` in seconds.
    """
    trusts_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx2.AsyncClient(base_url=base_url, trust_env=False, verify=trusts_nobody, **options)
