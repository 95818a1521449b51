"""The rows of the fault matrix, each a function named for what happens; importing them registers them."""

from tests.faults.rows import disk as disk
from tests.faults.rows import engines as engines
from tests.faults.rows import erasure as erasure
from tests.faults.rows import events as events
from tests.faults.rows import index as index
from tests.faults.rows import line as line
from tests.faults.rows import pairs as pairs
from tests.faults.rows import processes as processes
from tests.faults.rows import replicas as replicas
from tests.faults.rows import requests as requests
from tests.faults.rows import restore as restore
from tests.faults.rows import soak as soak

NOT_RUN: dict[int, str] = {}
"""Rows that run nowhere: why, and what stands in for them. Where a machine lacks what a row needs, that run says so."""
