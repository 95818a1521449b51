"""All three engines of one installation, started side by side, each on its own port and data folder."""

import asyncio
import platform
from collections.abc import Sequence
from dataclasses import dataclass

from flash_local.artifacts import Artifact, locked
from flash_local.engines import kafka, opensearch, postgres
from flash_local.installation import Installation, side_by_side


@dataclass(frozen=True)
class Engines:
    """Where they listen; `postgres_url` is the superuser's."""

    postgres_url: str
    kafka_bootstrap: str
    opensearch_url: str


def artifacts() -> list[Artifact]:
    """What the engines of this machine are made of."""
    return [*locked(f"postgres-{platform.machine()}"), *locked("kafka"), *locked("opensearch")]


def addresses(here: Installation) -> Engines:
    """Where they will listen, known before they start."""
    return Engines(
        postgres.url(here.ports.take("postgres")),
        ",".join(f"127.0.0.1:{_node(here, number + 1).advertised}" for number in range(here.brokers)),
        f"http://127.0.0.1:{here.ports.take('opensearch', opensearch.free_http_port)}",
    )


async def start_engines(here: Installation) -> Engines:
    """Return when all three are ready. Raises SetupError for the first that is not."""
    async with side_by_side() as starting:
        for start in (start_postgres, start_kafka, start_opensearch):
            starting.create_task(start(here))
    return addresses(here)


async def start_postgres(here: Installation) -> None:
    """Return when PostgreSQL is ready."""
    folder = here.home.database_data
    await asyncio.to_thread(postgres.prepare, folder, here.console)
    await here.supervisor.start(postgres.program(folder, here.listening_port("postgres")))


async def start_kafka(here: Installation) -> None:
    """Return when every broker is ready."""
    cluster = [_node(here, number + 1) for number in range(here.brokers)]
    async with side_by_side() as starting:
        for node in cluster:
            starting.create_task(_start_node(here, node, cluster))


async def _start_node(here: Installation, node: kafka.Node, cluster: Sequence[kafka.Node]) -> None:
    folder = here.home.data / node.name
    await asyncio.to_thread(kafka.prepare, folder, node, cluster, here.console)
    await here.supervisor.start(kafka.program(folder, node, here.console))


def _node(here: Installation, number: int) -> kafka.Node:
    name = kafka.name_of(number)
    return kafka.Node(number, here.listening_port(name), here.ports.take(name), here.ports.take(f"{name}-controller"))


async def start_opensearch(here: Installation) -> None:
    """Return when OpenSearch is ready, with the modules that the product needs."""
    folder, port = here.home.data / "opensearch", here.listening_port("opensearch", opensearch.free_http_port)
    await asyncio.to_thread(opensearch.prepare, folder, here.ports.take("opensearch-transport"), here.console)
    await here.supervisor.start(opensearch.program(folder, port, here.console))
    await opensearch.check_modules(port)
