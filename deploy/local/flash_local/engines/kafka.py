"""Apache Kafka from its published jars: nodes that are broker and controller (KRaft), one or as many as are wanted."""

import base64
import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from flash_local.artifacts import fetch, locked
from flash_local.engines.java import QUICK_START, classpath, java
from flash_local.errors import SetupError
from flash_local.processes import Program, port_answers

CLUSTER_ID = "Rmxhc2hNZW50b3JpbmdEZQ"
HEAP = ["-Xms256m", "-Xmx256m", "-XX:TieredStopAtLevel=1"]

SESSION_MS, SESSION_AMONG_SEVERAL_MS = 1_000, 3_000
"""After what silence a broker counts as gone. One alone is back sooner; of several, a slow one is to keep its lead."""

PROPERTIES_FILE = "server.properties"
PROPERTIES = """\
process.roles=broker,controller
node.id={node.number}
controller.quorum.bootstrap.servers={controllers}
listeners=BROKER://127.0.0.1:{node.port},CONTROLLER://127.0.0.1:{node.controller_port}
advertised.listeners=BROKER://127.0.0.1:{node.advertised}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={folder}/log
num.partitions=1
auto.create.topics.enable=false
default.replication.factor={replicas}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=3
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=3
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={in_sync}
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
broker.session.timeout.ms={session_ms}
broker.heartbeat.interval.ms=250
unclean.leader.election.enable=false
offsets.retention.minutes=20160
"""

LOG4J = """\
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %m (%c)%n
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
"""


@dataclass(frozen=True)
class Node:
    """One of a cluster: the broker's own port, the one that clients are told, and that of its controller."""

    number: int
    port: int
    advertised: int
    controller_port: int

    @property
    def name(self) -> str:
        """Of its process; the first is the only one that most clusters have."""
        return name_of(self.number)

    @property
    def voter(self) -> str:
        """It among the controllers, as the format tool takes it; the id of its log folder is made of its name."""
        folder_id = base64.urlsafe_b64encode(hashlib.sha256(self.name.encode()).digest()[:16]).decode().rstrip("=")
        return f"{self.number}@127.0.0.1:{self.controller_port}:{folder_id}"


def name_of(number: int) -> str:
    """The name of the process of the node with this number, counted from 1."""
    return "kafka" if number == 1 else f"kafka-{number}"


def prepare(folder: Path, node: Node, cluster: Sequence[Node], console: Console) -> None:
    """Write the properties of a node of this cluster and format its log folder, unless it is formatted.

    Topics have a replica on every node, and take a record once most of them have it.
    """
    jars = fetch(locked("kafka"), console)
    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / PROPERTIES_FILE
    controllers = ",".join(f"127.0.0.1:{each.controller_port}" for each in cluster)
    properties.write_text(
        PROPERTIES.format(
            folder=folder,
            node=node,
            controllers=controllers,
            replicas=len(cluster),
            in_sync=len(cluster) // 2 + 1,
            session_ms=SESSION_AMONG_SEVERAL_MS if len(cluster) > 1 else SESSION_MS,
        )
    )
    (folder / "log4j2.properties").write_text(LOG4J)
    if not (folder / "log" / "meta.properties").exists():
        _format(properties, cluster, jars)


def program(folder: Path, node: Node, console: Console) -> Program:
    """How to run the prepared node."""
    jars = fetch(locked("kafka"), console)
    logging = f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
    return Program(
        name=node.name,
        argv=[
            java(),
            *HEAP,
            *QUICK_START,
            logging,
            "-cp",
            classpath(jars),
            "kafka.Kafka",
            str(folder / PROPERTIES_FILE),
        ],
        ready=port_answers(node.port),
        folder=folder,
    )


def _format(properties: Path, cluster: Sequence[Node], jars: list[Path]) -> None:
    tool = [java(), *HEAP, *QUICK_START, "-cp", classpath(jars), "kafka.tools.StorageTool", "format"]
    voters = ",".join(node.voter for node in cluster)
    done = subprocess.run(
        [*tool, "--ignore-formatted", "-c", str(properties), "-t", CLUSTER_ID, "--initial-controllers", voters],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SetupError(f"Kafka could not format its log folder:\n{done.stdout}{done.stderr}")
