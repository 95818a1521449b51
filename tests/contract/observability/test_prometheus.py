"""The real Prometheus and the real gateway, with the configuration that the platform gives them."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flash_local import loopback
from flash_local.gateway import Gateway
from flash_local.processes import Process, Program, free_port
from flash_local.prometheus import Prometheus, find_prometheus
from flash_local.services import Issuer
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from tests.support.observability import ENVOY, promtool
from tests.support.waiting import eventually

Run = Callable[[Program], Any]
SCRAPED_WITHIN_S = 30


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Run]:
    async with AsyncExitStack() as exits:

        async def start(program: Program) -> None:
            process = await Process.start(program, tmp_path / f"{program.name}.log")
            exits.push_async_callback(process.stop)
            await process.wait_ready()

        yield start


@pytest.fixture
def stopped_consumer() -> Iterator[str]:
    """The address of a process that shows one consumer whose brake tripped."""
    registry, port = CollectorRegistry(), free_port()
    labels = ["service", "consumer"]
    Gauge("flash_consumer_stopped", "As in the chassis.", labels, registry=registry).labels("search", "people").set(1)
    server, thread = start_http_server(port, "127.0.0.1", registry)
    yield f"http://127.0.0.1:{port}/metrics"
    server.shutdown()
    server.server_close()
    thread.join()


def test_prometheus_takes_the_rendered_configuration(tmp_path: Path) -> None:
    targets = {"profile": "http://127.0.0.1:1/metrics", "gateway": "http://127.0.0.1:2/stats/prometheus"}
    prometheus = Prometheus(tmp_path, 9, targets)
    prometheus.write_config()
    promtool("check", "config", prometheus.config_file)
    rendered = prometheus.config_file.read_text(encoding="utf-8")
    assert "metrics_path: /stats/prometheus" in rendered
    assert 'targets: ["127.0.0.1:2"]' in rendered


async def test_an_alert_of_a_scraped_service_fires_with_the_services_own_labels(
    tmp_path: Path, run: Run, stopped_consumer: str
) -> None:
    executable = find_prometheus()
    assert executable, "Prometheus is missing: install it (`apt-get install prometheus`)"
    nobody = f"http://127.0.0.1:{free_port()}/metrics"
    prometheus = Prometheus(tmp_path, free_port(), {"search-1": stopped_consumer, "profile": nobody})
    prometheus.write_config()
    await run(prometheus.program(executable))
    async with loopback.client(prometheus.url) as client:

        async def states() -> dict[str, Any]:
            found = (await client.get("/api/v1/alerts")).json()["data"]["alerts"]
            return {alert["labels"]["alertname"]: alert for alert in found}

        async def both() -> dict[str, Any]:
            found = await states()
            return found if found.keys() >= {"ConsumerStopped", "TargetDown"} else {}

        found = await eventually(both, SCRAPED_WITHIN_S)
    assert found["ConsumerStopped"]["state"] == "firing"
    assert found["ConsumerStopped"]["labels"].items() >= {"service": "search", "consumer": "people"}.items()
    assert found["ConsumerStopped"]["labels"]["job"] == "search-1"
    assert found["TargetDown"]["labels"]["job"] == "profile"
    assert found["TargetDown"]["state"] == "pending"


async def test_the_gateway_shows_what_alerts_and_dashboard_read_of_it(tmp_path: Path, run: Run) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    services = dict.fromkeys(("profile", "search", "session", "analytics"), nobody)
    gateway = Gateway(tmp_path, free_port(), free_port(), services, Issuer(nobody, f"{nobody}/jwks.json"))
    gateway.write_config()
    program = gateway.program()
    assert program.live
    await run(replace(program, ready=program.live))  # it will have no keys
    async with loopback.client() as client:
        assert (await client.get(f"{gateway.url}/api/v1/programs")).status_code == 401
        shown = (await client.get(gateway.metrics_url)).text
    for name, labels in ENVOY.items():
        lines = [line for line in shown.splitlines() if line.startswith(f"{name}{{")]
        assert lines, name
        assert all(f'{label}="' in lines[0] for label in labels), lines[0]
