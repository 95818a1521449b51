"""Apache Kafka as one node that is its own controller (KRaft), from its published jars."""

import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from flash_local.artifacts import fetch, locked
from flash_local.engines.java import QUICK_START, classpath, java
from flash_local.errors import SetupError
from flash_local.processes import Program, port_answers

CLUSTER_ID = "Rmxhc2hNZW50b3JpbmdEZQ"
HEAP = ["-Xms256m", "-Xmx256m", "-XX:TieredStopAtLevel=1"]

PROPERTIES_FILE = "server.properties"
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
listeners=BROKER://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=BROKER://127.0.0.1:{advertised}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={folder}/log
num.partitions=1
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
broker.session.timeout.ms=1000
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
class Listeners:
    """The broker's own port, the one that clients are told, and that of the controller."""

    port: int
    advertised: int
    controller_port: int


def prepare(folder: Path, listeners: Listeners, console: Console) -> None:
    """Write the properties and format the log folder, unless it is formatted."""
    jars = fetch(locked("kafka"), console)
    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / PROPERTIES_FILE
    properties.write_text(PROPERTIES.format(folder=folder, **asdict(listeners)))
    (folder / "log4j2.properties").write_text(LOG4J)
    if not (folder / "log" / "meta.properties").exists():
        _format(properties, jars)


def program(folder: Path, port: int, console: Console) -> Program:
    """How to run the prepared broker."""
    jars = fetch(locked("kafka"), console)
    logging = f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
    return Program(
        name="kafka",
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
        ready=port_answers(port),
        folder=folder,
    )


def _format(properties: Path, jars: list[Path]) -> None:
    tool = [java(), *HEAP, *QUICK_START, "-cp", classpath(jars), "kafka.tools.StorageTool", "format"]
    done = subprocess.run(
        [*tool, "--ignore-formatted", "-c", str(properties), "-t", CLUSTER_ID, "--standalone"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SetupError(f"Kafka could not format its log folder:\n{done.stdout}{done.stderr}")
