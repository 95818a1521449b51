"""OpenSearch as one development node, core and bundled modules only, from its published jars.

The runner that starts it checks none of the server's production limits: for development and tests only.
"""

import random
from pathlib import Path

from rich.console import Console

from flash_local import loopback
from flash_local.artifacts import fetch, locked
from flash_local.engines.java import QUICK_START, classpath, java
from flash_local.errors import SetupError
from flash_local.home import cache_folder
from flash_local.processes import Program, http_answers, in_use

HEAP = ["-Xms1g", "-Xmx1g"]
JVM = [
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",
    # The packaged Java runtime has no Thai word breaker; without this every index creation fails.
    "-Djava.locale.providers=SPI,CLDR",
]
EXPECTED_MODULES = frozenset(
    {"CommonAnalysisModulePlugin", "MapperExtrasModulePlugin", "ReindexModulePlugin", "Netty4ModulePlugin"}
)
"""What the search service relies on. A module whose class is missing is skipped without a word."""

HTTP_PORTS = range(9201, 9300)
"""The runner takes none above; whatever else is asked for it refuses as unavailable."""

SETTINGS = """\
transport.port: {transport_port}
action.auto_create_index: false
bootstrap.memory_lock: false
cluster.routing.allocation.disk.threshold_enabled: false
"""


def free_http_port() -> int:
    """A free port among those that the runner takes. Raises SetupError when all are in use."""
    for port in random.sample(HTTP_PORTS, len(HTTP_PORTS)):
        if not in_use(port):
            return port
    raise SetupError(f"Every port from {HTTP_PORTS[0]} to {HTTP_PORTS[-1]} is in use; OpenSearch needs one. Free one.")


def prepare(folder: Path, transport_port: int, console: Console) -> None:
    """Fetch the server and write its settings."""
    fetch(locked("opensearch"), console)
    config = folder / "node_1" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "opensearch.yml").write_text(SETTINGS.format(transport_port=transport_port))


def program(folder: Path, port: int, console: Console) -> Program:
    """How to run the node; its HTTP port is the runner's base port and one."""
    jars = fetch(locked("opensearch"), console)
    runner = ["org.codelibs.opensearch.runner.OpenSearchRunner", "-basePath", str(folder), "-numOfNode", "1"]
    ports = ["-baseHttpPort", str(port - 1), "-clusterName", "flash", "-printOnFailure"]
    return Program(
        name="opensearch",
        argv=[java(), *HEAP, *QUICK_START, *JVM, "-cp", classpath(jars), *runner, *ports],
        ready=http_answers(f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=yellow&timeout=1s"),
        ready_within_s=120,
        folder=folder,
    )


async def check_modules(port: int) -> None:
    """Raise SetupError when a module that the product needs did not load."""
    async with loopback.client() as client:
        nodes = (await client.get(f"http://127.0.0.1:{port}/_nodes/plugins")).json()["nodes"].values()
    loaded = {plugin["name"].rpartition(".")[2] for node in nodes for plugin in node["plugins"]}
    missing = EXPECTED_MODULES - loaded
    if missing:
        raise SetupError(
            f"OpenSearch started without {', '.join(sorted(missing))}. "
            f"Remove {cache_folder()} and run `make setup` again."
        )
